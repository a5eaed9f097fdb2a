import { serve } from '../../lib/http/serve.ts';
import { openTable } from '../../lib/relay/child.ts';
import { foundSubscription } from '../../lib/relay/found.ts';
import { publicSubscription } from '../../lib/relay/subscription.ts';
import { readSubscription } from '../../lib/relay/subscription-store.ts';
import { lambdaSurroundings } from '../../lib/relay/surroundings.ts';

const surroundings = lambdaSurroundings();
const table = openTable(surroundings);

export const handler = serve('get-subscription', async ({ input }) => {
  const { alias } = input.params;
  const record = foundSubscription(await readSubscription(table, alias), alias);
  return { status: 200, body: publicSubscription(record, surroundings.now()) };
});
