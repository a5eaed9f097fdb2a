/** A large account: roles of grants, roles of all other kinds, and one of each thing that an audit can find, written down. */

import { GetAccountSummaryCommand } from '@aws-sdk/client-iam';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { GrantRecord } from '../../lib/grant/grant.ts';
import { toItem } from '../../lib/grant/grant-item.ts';
import { type Around, aGrant, roleOf } from './a-grant.ts';
import { type ParentAccount, parentId } from './account.ts';
import { bystanders, chained, handMade, type Plant, plants } from './plants.ts';

/**
 * Answers what an audit that warns of grants unused for 30 days has to find, no more and no less, as `code subject`.
 * The account's quota of roles has to be less than a tenth above `roles`.
 */
export async function settle(
  account: ParentAccount,
  size: { readonly roles: number; readonly grants: number },
  planted: readonly Plant[] = plants,
): Promise<ReadonlySet<string>> {
  const around: Around = { ...account, parentAccountId: parentId, now: account.clock.now() };
  const createdAt = await endpointCreatedAt(account);
  const expected = new Set([`quota.roles_low ${parentId}`]);
  const records: GrantRecord[] = [];

  const add = (number: number, plant: Plant) => {
    const plain = aGrant(around, number);
    const usual = { ...plain, endpoint: { ...plain.endpoint, createdAt } };
    const record = { ...usual, ...plant.grant?.(usual, around) };
    const changes = plant.role === null ? undefined : (plant.role?.(record, around) ?? {});
    const made = changes && account.iam.seedRole(parentId, roleOf(record, around, changes));
    const isKnown = made && !plant.remembersOther;
    const kept = isKnown ? { ...record, role: { ...record.role, id: made.id } } : record;
    records.push(kept);
    for (const code of plant.finds) expected.add(`${code} ${subjectOf(code, kept)}`);
  };
  for (let number = 0; number < size.grants; number++) add(number, planted[number] ?? { finds: [] });

  const orphan = account.iam.seedRole(parentId, roleOf(aGrant(around, 999_999_999), around));
  expected.add(`role.orphaned ${orphan.arn}`);
  const share = account.iam.seedRole(parentId, handMade('SageMakerExternal'));
  expected.add(`share.unmanaged ${share.arn}`);
  const [vendor] = chained(parentId).map((seed) => account.iam.seedRole(parentId, seed));
  expected.add(`share.chained ${vendor?.arn}`);

  const { SummaryMap } = await account.adminIam.send(new GetAccountSummaryCommand({}));
  for (let number = SummaryMap?.Roles ?? 0; number < size.roles; number++) {
    const make = bystanders[number % bystanders.length];
    if (make) account.iam.seedRole(parentId, make(`bystander-${number}`));
  }
  await store(account, records);
  return expected;
}

function subjectOf(code: string, record: GrantRecord): string {
  if (code.startsWith('endpoint.')) return record.endpoint.arn;
  return code.startsWith('grant.') ? record.id : record.role.arn;
}

async function endpointCreatedAt(account: ParentAccount): Promise<string> {
  const { createdAt } = await account.auditor().broker.endpoints.describe('Iris-Classifier', 'us-east-1');
  return createdAt;
}

/** DynamoDB: BatchWriteItem takes 25 items. */
const batchMax = 25;

async function store(
  { adminDynamo, grantsTable }: ParentAccount,
  records: readonly GrantRecord[],
): Promise<void> {
  for (let from = 0; from < records.length; from += batchMax) {
    const requests = records
      .slice(from, from + batchMax)
      .map((record) => ({ PutRequest: { Item: toItem(record, undefined) } }));
    await adminDynamo.send(new BatchWriteCommand({ RequestItems: { [grantsTable]: requests } }));
  }
}
