import { connectStore } from '../../lib/grant/connect-broker.ts';
import { publicGrant } from '../../lib/grant/grant.ts';
import { encodeCursor, readPage } from '../../lib/http/cursor.ts';
import { serve } from '../../lib/http/serve.ts';

const store = connectStore(process.env);

export const handler = serve('list-grants', async ({ input: { query } }) => {
  const { records, next } = await readPage(query, (from) => store.list(query, from));
  return {
    status: 200,
    body: { items: records.map(publicGrant), ...(next && { nextCursor: encodeCursor(query, next) }) },
  };
});
