import { connectEndpointsOfRegion, connectStore } from '../../lib/grant/connect-broker.ts';
import { encodeCursor, readPage } from '../../lib/http/cursor.ts';
import { serve } from '../../lib/http/serve.ts';

const store = connectStore(process.env);
const endpoints = connectEndpointsOfRegion(process.env);

export const handler = serve('list-endpoints', async ({ input: { query } }) => {
  const page = await readPage(query, (from) =>
    endpoints.list({ limit: query.limit, ...(from && { token: String(from.token) }) }),
  );
  const items = await Promise.all(
    page.items.map(async ({ region: _own, ...endpoint }) => ({
      ...endpoint,
      grants: await store.countLive(endpoint.name),
    })),
  );
  return {
    status: 200,
    body: { items, ...(page.nextToken && { nextCursor: encodeCursor(query, { token: page.nextToken }) }) },
  };
});
