import { connectStore } from '../../lib/grant/connect-broker.ts';
import { etagOf, publicGrant } from '../../lib/grant/grant.ts';
import { serve } from '../../lib/http/serve.ts';

const store = connectStore(process.env);

export const handler = serve('get-grant', async ({ input: { params } }) => {
  const { record } = await store.require(params.grantId);
  return { status: 200, body: publicGrant(record), headers: { etag: etagOf(record) } };
});
