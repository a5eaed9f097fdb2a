import { serve } from '../../lib/http/serve.ts';
import { createStore } from '../../lib/relay/child.ts';
import { foundSubscription } from '../../lib/relay/found.ts';
import { publicSubscription } from '../../lib/relay/subscription.ts';
import { lambdaSurroundings } from '../../lib/relay/surroundings.ts';

const surroundings = lambdaSurroundings();
const store = createStore(surroundings);

export const handler = serve('get-subscription', async ({ input }) => {
  const { alias } = input.params;
  const record = foundSubscription(await store.read(alias), alias);
  return { status: 200, body: publicSubscription(record, surroundings.now()) };
});
