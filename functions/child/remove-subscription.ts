import { serve } from '../../lib/http/serve.ts';
import { createStore } from '../../lib/relay/child.ts';
import { subscriptionNotFound } from '../../lib/relay/found.ts';
import { lambdaSurroundings } from '../../lib/relay/surroundings.ts';

const store = createStore(lambdaSurroundings());

export const handler = serve('remove-subscription', async ({ input }) => {
  const { alias } = input.params;
  if (!(await store.remove(alias))) throw subscriptionNotFound(alias);
  return { status: 204 };
});
