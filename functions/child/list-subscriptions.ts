import { decodeCursor, encodeCursor } from '../../lib/http/cursor.ts';
import { serve } from '../../lib/http/serve.ts';
import { openTable } from '../../lib/relay/child.ts';
import { publicSubscription } from '../../lib/relay/subscription.ts';
import { listSubscriptions } from '../../lib/relay/subscription-store.ts';
import { lambdaSurroundings } from '../../lib/relay/surroundings.ts';

const surroundings = lambdaSurroundings();
const table = openTable(surroundings);

export const handler = serve('list-subscriptions', async ({ input }) => {
  const { query } = input;
  const after = query.cursor === undefined ? undefined : decodeCursor(query, query.cursor)['alias'];
  const { items, last } = await listSubscriptions(
    table,
    query.limit,
    after === undefined ? undefined : String(after),
  );
  return {
    status: 200,
    body: {
      items: items.map((record) => publicSubscription(record, surroundings.now())),
      ...(last !== undefined && { nextCursor: encodeCursor(query, { alias: last }) }),
    },
  };
});
