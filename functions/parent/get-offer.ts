import { Problem } from '../../lib/contract/problems.ts';
import { connectStore, required } from '../../lib/grant/connect-broker.ts';
import { isOver, offerOf } from '../../lib/grant/grant.ts';
import { serve } from '../../lib/http/serve.ts';

const store = connectStore(process.env);
const parentAccountId = required(process.env)('PARENT_ACCOUNT_ID');

/** The one operation that another account may call: the grant's own child. To everybody else the grant does not exist. */
export const handler = serve('get-offer', async ({ input: { params }, caller, url }) => {
  const { record } = await store.require(params.grantId);
  const mayRead = caller.accountId === record.child.accountId || caller.accountId === parentAccountId;
  if (!mayRead) throw new Problem('grant.not_found', `There is no grant ${params.grantId}.`);
  if (record.status === 'provisioning')
    throw new Problem('grant.not_ready', `Grant ${record.id} is still being provisioned.`);
  if (isOver(record, Date.now())) throw new Problem('grant.ended', `Grant ${record.id} is over.`);
  return { status: 200, body: offerOf(record, url) };
});
