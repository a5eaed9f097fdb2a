/** All that the parent's functions ever have to do: the usual, what people do to share roles by hand, and dates that come at the wrong moment. */

import { TagRoleCommand, UntagRoleCommand, UpdateRoleCommand } from '@aws-sdk/client-iam';
import { expect, vi } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { ask, patch, read, type Verb } from '../../support/ask.ts';
import { byHand } from '../../support/by-hand.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

export async function runParentFlows(sandbox: TestSandbox): Promise<void> {
  await rolesDeletedByHand(sandbox);
  await boundariesTakenOff(sandbox);
  await killedRequests(sandbox);
  await audits(sandbox);
  await readings(sandbox);
  await datesThatComeMeanwhile(sandbox);
}

type Keeping = Exclude<Verb, 'revoke'> | 'update';
const keeping: readonly Keeping[] = ['update', 'suspend', 'resume', 'rotate'];

/** The four requests after which a grant lives on. */
function request(sandbox: TestSandbox, grant: Grant, verb: Keeping) {
  if (verb === 'update') return patch(sandbox, grant, { modes: ['sync', 'stream'] });
  return ask(sandbox, grant, verb, verb === 'rotate' ? { graceSeconds: 0 } : undefined);
}

/** One grant for each of them, ready for it: only what is suspended can be resumed. */
function grantsFor(sandbox: TestSandbox, body: object = {}): Promise<Map<Keeping, Grant>> {
  const made = keeping.map(async (verb) => {
    const grant = await anActiveGrant(sandbox, 'puppet', { ...body });
    if (verb === 'resume') await ask(sandbox, grant, 'suspend');
    return [verb, grant] as const;
  });
  return Promise.all(made).then((entries) => new Map(entries));
}

async function rolesDeletedByHand(sandbox: TestSandbox): Promise<void> {
  const grants = await grantsFor(sandbox);
  const revoked = await anActiveGrant(sandbox, 'puppet');
  await byHand(sandbox).deleteRole(revoked);
  expect((await ask(sandbox, revoked, 'revoke')).json.status).toBe('revoked');
  for (const [verb, grant] of grants) {
    await byHand(sandbox).deleteRole(grant);
    expect((await request(sandbox, grant, verb)).status, verb).toBe(200);
  }
}

async function boundariesTakenOff(sandbox: TestSandbox): Promise<void> {
  const grants = await grantsFor(sandbox);
  const revoked = await anActiveGrant(sandbox, 'puppet');
  for (const [verb, grant] of grants) {
    await byHand(sandbox).takeBoundaryOff(grant);
    expect((await request(sandbox, grant, verb)).status, verb).toBe(200);
  }
  await byHand(sandbox).attach(revoked);
  await byHand(sandbox).takeBoundaryOff(revoked);
  expect((await ask(sandbox, revoked, 'revoke')).json.status).toBe('revoked');
}

/** What the schedule has to do alone: make a role, and end one that others have changed. */
async function killedRequests(sandbox: TestSandbox): Promise<void> {
  const expiresAt = new Date(sandbox.now() + 3_600_000).toISOString();
  const changed = await anActiveGrant(sandbox, 'puppet', { expiresAt });
  const gone = await anActiveGrant(sandbox, 'puppet', { expiresAt });
  await byHand(sandbox).deleteRole(gone);
  await byHand(sandbox).attach(changed);
  await byHand(sandbox).takeBoundaryOff(changed);
  sandbox.addFault({ service: 'dynamodb', operation: 'PutItem', nth: 1, fault: 'crash' });
  const body = { endpoint: { name: 'puppet' }, child: { accountId: sandbox.describe.child.accountId } };
  expect((await sandbox.asParent.post('/grants', body)).status).toBe(502);
  sandbox.advanceClock(31);
  await sandbox.runSchedule('advance-grants');
  const [made] = await listed(sandbox, 'active');
  expect(made?.history.map(({ event }) => event)).toEqual(['grant.created', 'grant.activated']);
  sandbox.advanceClock(3_600);
  await sandbox.runSchedule('advance-grants');
  for (const grant of [changed, gone]) expect((await read(sandbox, grant)).status).toBe('expired');
}

/** Everything that repair mends, an end that the schedule has missed, and a share made by hand. */
async function audits(sandbox: TestSandbox): Promise<void> {
  const hand = byHand(sandbox);
  const [gone, bare, late] = await Promise.all([
    anActiveGrant(sandbox, 'puppet'),
    anActiveGrant(sandbox, 'puppet'),
    anActiveGrant(sandbox, 'puppet', { expiresAt: new Date(sandbox.now() + 3_600_000).toISOString() }),
  ]);
  const RoleName = `sharemaker-${bare.id}`;
  await hand.deleteRole(gone);
  await hand.attach(bare);
  await hand.takeBoundaryOff(bare);
  await hand.iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['sharemaker:child'] }));
  await hand.iam.send(
    new TagRoleCommand({ RoleName, Tags: [{ Key: 'sharemaker:endpoint', Value: 'other' }] }),
  );
  await hand.iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 43_200 }));
  await hand.attach(late);
  sandbox.advanceClock(3_600);
  const share = await hand.shareByHand(
    'SageMakerExternal',
    sandbox.describe.child.accountId,
    bare.endpoint.arn,
  );

  const audit = await sandbox.asParent.post('/audits', { mode: 'repair' });
  expect(audit.status).toBe(201);
  expect((await read(sandbox, late)).status).toBe('expired');
  const adopted = await sandbox.asParent.post('/audits', { adopt: share });
  expect(adopted.status).toBe(201);
  await ok(sandbox, '/audits');
  await ok(sandbox, `/audits/${audit.json['id']}`);
}

async function readings(sandbox: TestSandbox): Promise<void> {
  const grant = await anActiveGrant(sandbox, 'puppet');
  for (const path of [
    '/grants',
    '/grants?status=active',
    '/grants?endpointName=puppet',
    '/grants?childAccountId=222222222222',
    `/grants/${grant.id}`,
    `/offers/${grant.id}`,
    '/endpoints',
  ])
    await ok(sandbox, path);
}

/**
 * IAM is slow, and the date of each grant comes while a request is at work on it, so that the request itself has to end the
 * grant. Meanwhile somebody has changed the roles by hand.
 */
async function datesThatComeMeanwhile(sandbox: TestSandbox): Promise<void> {
  const hand = byHand(sandbox);
  const expiresAt = new Date(sandbox.now() + 3_600_000).toISOString();
  const secondsLeft = () => (Date.parse(expiresAt) - sandbox.now()) / 1000;
  const grants = await grantsFor(sandbox, { expiresAt });
  // Long enough for all to begin, and short of the time that API Gateway gives them.
  sandbox.advanceClock(secondsLeft() - 15);
  sandbox.setLag(600);
  for (const grant of grants.values()) await hand.attach(grant);
  const body = { endpoint: { name: 'puppet' }, child: { accountId: '222222222222' }, expiresAt };
  const answers = Promise.all([
    ...[...grants].map(([verb, grant]) => request(sandbox, grant, verb)),
    ...[1, 2].map(() => sandbox.asParent.post<Grant>('/grants', body)),
  ]);
  const [changed, gone] = await whenAllAreAtWork(sandbox, [...grants.values()]);
  await hand.attach(changed);
  await hand.takeBoundaryOff(changed);
  await hand.deleteRole(gone);
  sandbox.advanceClock(secondsLeft());
  await waitFor(async () => expect((await listed(sandbox, 'revoking')).length).toBe(grants.size + 2));
  sandbox.setLag(0);
  const statuses = (await answers).map(({ json }) => json.status).toSorted();
  // A role that was made moments ago may only not be shown yet, so one that is gone is not believed at once.
  expect(statuses).toEqual([...Array(grants.size + 1).fill('expired'), 'revoking']);
  sandbox.advanceClock(121);
  await sandbox.runSchedule('advance-grants');
  expect(await listed(sandbox, 'revoking')).toEqual([]);
}

/** The grants have something pending, and two new ones have their roles and policies; answers those. */
async function whenAllAreAtWork(
  sandbox: TestSandbox,
  grants: readonly Grant[],
): Promise<readonly [Grant, Grant]> {
  return waitFor(async () => {
    for (const grant of grants) expect((await read(sandbox, grant)).pending).toBeDefined();
    const [one, other] = await listed(sandbox, 'provisioning');
    for (const grant of [one!, other!]) expect(await byHand(sandbox).policiesOf(grant)).toEqual(['invoke']);
    return [one!, other!] as const;
  });
}

function waitFor<T>(look: () => Promise<T>): Promise<T> {
  return vi.waitFor(look, { timeout: 20_000, interval: 50 });
}

async function listed(sandbox: TestSandbox, status: string): Promise<Grant[]> {
  return (await sandbox.asParent.get<{ items: Grant[] }>(`/grants?status=${status}`)).json.items;
}

async function ok(sandbox: TestSandbox, path: string): Promise<void> {
  expect((await sandbox.asParent.get(path)).status, path).toBe(200);
}
