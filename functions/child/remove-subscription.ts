import { serve } from '../../lib/http/serve.ts';
import { openTable } from '../../lib/relay/child.ts';
import { subscriptionNotFound } from '../../lib/relay/found.ts';
import { removeSubscription } from '../../lib/relay/subscription-store.ts';
import { lambdaSurroundings } from '../../lib/relay/surroundings.ts';

const table = openTable(lambdaSurroundings());

export const handler = serve('remove-subscription', async ({ input }) => {
  const { alias } = input.params;
  if (!(await removeSubscription(table, alias))) throw subscriptionNotFound(alias);
  return { status: 204 };
});
