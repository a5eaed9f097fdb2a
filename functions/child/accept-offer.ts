import { serve } from '../../lib/http/serve.ts';
import { acceptOffer } from '../../lib/relay/acceptance.ts';
import { createAcceptance } from '../../lib/relay/child.ts';
import { publicSubscription } from '../../lib/relay/subscription.ts';
import { lambdaSurroundings } from '../../lib/relay/surroundings.ts';

const acceptance = createAcceptance(lambdaSurroundings());

export const handler = serve('accept-offer', async ({ input, caller, url, deadlineAt }) => {
  const record = await acceptOffer(input.body, { callerArn: caller.arn, deadlineAt }, acceptance);
  return {
    status: 201,
    headers: { location: `${url}/${record.alias}` },
    body: publicSubscription(record, acceptance.now()),
  };
});
