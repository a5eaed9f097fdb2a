import { connectStore } from '../../lib/grant/connect-broker.ts';
import { publicGrant } from '../../lib/grant/grant.ts';
import { decodeCursor, encodeCursor } from '../../lib/http/cursor.ts';
import { serve } from '../../lib/http/serve.ts';

const store = connectStore(process.env);

export const handler = serve('list-grants', async ({ input: { query } }) => {
  const { records, next } = await store.list(
    query,
    query.cursor === undefined ? undefined : decodeCursor(query, query.cursor),
  );
  return {
    status: 200,
    body: { items: records.map(publicGrant), ...(next && { nextCursor: encodeCursor(query, next) }) },
  };
});
