import { serve } from '../../lib/http/serve.ts';
import { checkSubscription } from '../../lib/relay/acceptance.ts';
import { createAcceptance } from '../../lib/relay/child.ts';
import { foundSubscription } from '../../lib/relay/found.ts';
import { publicSubscription } from '../../lib/relay/subscription.ts';
import { readSubscription } from '../../lib/relay/subscription-store.ts';
import { lambdaSurroundings } from '../../lib/relay/surroundings.ts';

const acceptance = createAcceptance(lambdaSurroundings());

export const handler = serve('check-subscription', async ({ input, caller, deadlineAt }) => {
  const { alias } = input.params;
  const record = foundSubscription(await readSubscription(acceptance.table, alias), alias);
  const checked = await checkSubscription(record, { callerArn: caller.arn, deadlineAt }, acceptance);
  return { status: 200, body: publicSubscription(checked, acceptance.now()) };
});
