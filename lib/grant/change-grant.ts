import { Problem } from '../contract/problems.ts';
import { etagOf, type GrantRecord, isSettled, publicGrant } from './grant.ts';
import { advance, type Broker, change } from './lifecycle.ts';

/** What every request that changes a grant does: store what is asked, move as far as the time allows, say how far that was. */
export async function changeGrant(
  broker: Broker,
  id: string,
  deadlineAt: number,
  decide: (record: GrantRecord) => GrantRecord,
) {
  const asked = await change(id, broker.store, decide);
  if (!asked) throw new Problem('request.conflict', `Grant ${id} was being changed by others all the time.`);
  const record = await advance(id, broker, deadlineAt);
  return {
    status: isSettled(record) ? 200 : 202,
    body: publicGrant(record),
    headers: { etag: etagOf(record) },
  };
}
