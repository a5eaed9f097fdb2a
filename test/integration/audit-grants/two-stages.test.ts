/** Two deployments in one account: repair of one leaves the share roles of the other alone, and removes all of its own. */

import { GetRoleCommand, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aGrant, roleOf } from '../../../bench/audit/a-grant.ts';
import { openParent, type ParentAccount, parentId } from '../../../bench/audit/account.ts';
import { runAudit } from '../../../lib/audit/audit.ts';
import type { Finding } from '../../../lib/contract/audit.ts';
import { trustDocument } from '../../../lib/grant/policies.ts';
import type { RoleSeed } from '../../../sandbox/types.ts';

let account: ParentAccount;
let findings: ReadonlyMap<string, Finding>;
let other: string;
let otherWithoutBoundary: string;
let ownInAPathBelow: string;
beforeAll(async () => {
  account = await openParent();
  const name = 'sharemaker-boundary-eu-prod';
  const document = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sagemaker:InvokeEndpoint', Resource: '*' }],
  } as const;
  const path = '/sharemaker-system/';
  const boundaryArn = account.iam.seedManagedPolicy(parentId, { name, path, document });
  const own = { ...account, parentAccountId: parentId, now: account.clock.now() };
  const theirs = { ...own, boundaryArn };
  const seed = (role: RoleSeed) => account.iam.seedRole(parentId, role).arn;

  other = seed(roleOf(aGrant(theirs, 1), theirs));
  const { boundaryArn: _removed, ...unbounded } = roleOf(aGrant(theirs, 2), theirs);
  otherWithoutBoundary = seed(unbounded);
  ownInAPathBelow = seed(roleOf(aGrant(own, 3), own, { path: '/sharemaker/222222222222/below/' }));

  const auditor = account.auditor();
  const request = { mode: 'repair', by: 'test' } as const;
  const record = await runAudit(auditor, request, account.clock.now() + 900_000);
  const found = await auditor.audits.getChunk(record.id, 0);
  findings = new Map(found.map(({ finding }) => [finding.subject, finding]));
}, 120_000);
afterAll(() => account.close());

const nameOf = (arn: string) => arn.split('/').at(-1) ?? '';

it('says of the roles of the other deployment that they are its, and lets them live', async () => {
  for (const arn of [other, otherWithoutBoundary]) {
    expect(findings.get(arn)).toMatchObject({ code: 'role.orphaned', severity: 'low', repair: 'reported' });
    const RoleName = nameOf(arn);
    const { PolicyNames } = await account.adminIam.send(new ListRolePoliciesCommand({ RoleName }));
    expect(PolicyNames).toEqual(['invoke']);
  }
});

it('removes an orphan of its own, in whatever path below /sharemaker/ it stands', async () => {
  expect(findings.get(ownInAPathBelow)).toMatchObject({ severity: 'high', repair: 'repaired' });
  const RoleName = nameOf(ownInAPathBelow);
  await expect(account.adminIam.send(new GetRoleCommand({ RoleName }))).rejects.toThrow(/cannot be found/);
});

it('does not take over the role of a grant of the same id in the other deployment', async () => {
  const around = { ...account, parentAccountId: parentId, now: account.clock.now() };
  const plain = aGrant(around, 1);
  const { shareRole } = account.auditor().broker;
  const trust = trustDocument(plain, around);
  const record = { ...plain, role: { name: plain.role.name, arn: plain.role.arn } };
  expect(record.role.arn).toBe(other);
  await expect(shareRole.ensure(record, trust, async () => {})).rejects.toMatchObject({
    name: 'RoleNotOurs',
  });
});
