/**
 * What must not compile: each `@ts-expect-error` is an error of its own as soon as its line does compile. The compiler
 * is the test; nothing here runs.
 */

import type { ChildClient, ParentClient } from '../../lib/client/client.ts';
import type { Grant } from '../../lib/contract/grant.ts';

const grantId = 'grt_01jd0000000000000000000001';
const share = { endpoint: { name: 'Iris' }, child: { accountId: '222222222222' } };

export async function parentMisused(parent: ParentClient): Promise<void> {
  // @ts-expect-error: no operation has this name
  await parent.createGrants(share);
  // @ts-expect-error: the operation is the child's
  await parent.acceptOffer({ alias: 'iris', offerUrl: 'https://example.com' });

  // @ts-expect-error: the child is missing
  await parent.createGrant({ endpoint: { name: 'Iris' } });
  // @ts-expect-error: the child's account id is missing
  await parent.createGrant({ endpoint: { name: 'Iris' }, child: {} });
  // @ts-expect-error: a typing mistake in a field
  await parent.createGrant({ ...share, expireAt: '2027-01-01T00:00:00Z' });
  // @ts-expect-error: there is no such mode
  await parent.createGrant({ ...share, modes: ['batch'] });
  // @ts-expect-error: nothing at all is given
  await parent.createGrant();
  // @ts-expect-error: only a create takes an Idempotency-Key
  await parent.revokeGrant({ grantId, idempotencyKey: 'x' });

  // @ts-expect-error: the ETag is missing
  await parent.updateGrant({ grantId, note: 'x' });
  // @ts-expect-error: the id is missing
  await parent.getGrant({});
  // @ts-expect-error: a number of items is no text
  await parent.listGrants({ limit: '5' });
  // @ts-expect-error: there is no such status
  await parent.listGrants({ status: 'alive' });

  const grant = await parent.getGrant({ grantId });
  // @ts-expect-error: a typing mistake in the answer
  grant.expireAt;
  // @ts-expect-error: an answer is read, and its ETag is not written
  grant.etag = 'x';
  // @ts-expect-error: an offer has no ETag
  (await parent.getOffer({ grantId })).etag;
  // @ts-expect-error: only lists have pages
  parent.getGrant.all({ grantId });
}

export async function childMisused(child: ChildClient): Promise<void> {
  // @ts-expect-error: neither an offer nor its address
  await child.acceptOffer({ alias: 'iris' });
  // @ts-expect-error: the body is missing
  await child.invoke('iris', { contentType: 'text/csv' });
  // @ts-expect-error: the external id never leaves the child's table
  (await child.getSubscription({ alias: 'iris' })).externalId;
  // @ts-expect-error: what was removed answers nothing
  (await child.removeSubscription({ alias: 'iris' })).alias;
}

/** And what must. */
export async function used(parent: ParentClient): Promise<Grant[]> {
  const grant = await parent.createGrant(share);
  await parent.createGrant({ ...share, modes: ['sync', 'stream'], idempotencyKey: 'churn-2027' });
  await parent.updateGrant({ grantId: grant.id, ifMatch: grant.etag, targets: null });
  await parent.rotateGrant({ grantId: grant.id });
  await parent.rotateGrant({ grantId: grant.id, graceSeconds: 0 }, { timeoutMs: 1_000 });
  await parent.auditGrants();
  await parent.listGrants();
  const grants: Grant[] = [];
  for await (const listed of parent.listGrants.all({ status: 'active', limit: 5 })) grants.push(listed);
  for await (const { evidence } of parent.getAudit.all({ auditId: 'x' })) evidence.join('\n');
  return grants;
}
