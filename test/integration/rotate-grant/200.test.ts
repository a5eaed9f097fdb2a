import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Offer } from '../../../lib/contract/offer.ts';
import { access, invoke, sessionOf } from '../../support/access.ts';
import { ask, read } from '../../support/ask.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';
import { askWhileIamIsSlow, letTheScheduleFinish } from '../../support/slow-iam.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

const externalIdOffered = async (id: string) =>
  (await sandbox.asChild.get<Offer>(`${sandbox.describe.parent.apiUrl}/offers/${id}`)).json.externalId;

it('with a grace period: both external ids work, the new one is offered, then the old one is refused', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const { status, json } = await ask(sandbox, grant, 'rotate', { graceSeconds: 600 });
  expect([status, json.status, json.pending]).toEqual([200, 'active', undefined]);
  expect(json.externalId).not.toBe(grant.externalId);
  expect(json.previousExternalId?.value).toBe(grant.externalId);
  expect(await externalIdOffered(grant.id)).toBe(json.externalId);
  expect(await access(sandbox, json)).toBe('allowed');
  expect(await access(sandbox, grant)).toBe('allowed');

  // IAM itself ends it, with no schedule running.
  sandbox.advanceClock(601);
  expect(await access(sandbox, grant)).toBe('denied');
  expect(await access(sandbox, json)).toBe('allowed');
  await sandbox.runSchedule('advance-grants');
  const after = await read(sandbox, grant);
  expect([after.status, after.previousExternalId]).toEqual(['active', undefined]);
  expect(after.history.at(-1)?.event).toBe('grant.external_id_retired');
});

it('without one: the old id is refused when the answer comes; sessions taken with it go on', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const session = await sessionOf(sandbox, grant);
  const { status, json } = await ask(sandbox, grant, 'rotate', { graceSeconds: 0 });
  expect([status, json.previousExternalId]).toEqual([200, undefined]);
  expect(json.probes.map(({ probe, observed }) => `${probe}: ${observed}`)).toContain(
    'assume with the retired external id: denied',
  );
  expect(await access(sandbox, grant)).toBe('denied');
  expect(await access(sandbox, json)).toBe('allowed');
  expect(await invoke(sandbox, grant, session!)).toBe('allowed');
});

it('gives an hour of grace unless told otherwise, and never more than the grant itself has', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const { json } = await ask(sandbox, grant, 'rotate');
  const graceMs = Date.parse(json.previousExternalId!.validUntil) - sandbox.now();
  expect(Math.abs(graceMs - 3_600_000)).toBeLessThan(30_000);

  const expiresAt = new Date(sandbox.now() + 600_000).toISOString();
  const short = await anActiveGrant(sandbox, 'puppet', { expiresAt });
  const rotated = await ask(sandbox, short, 'rotate', { graceSeconds: 86_400 });
  expect(rotated.json.previousExternalId?.validUntil).toBe(expiresAt);
});

it('again within the grace period: only the last two external ids work', async () => {
  const first = await anActiveGrant(sandbox, 'puppet');
  const second = (await ask(sandbox, first, 'rotate', { graceSeconds: 600 })).json;
  const third = (await ask(sandbox, first, 'rotate', { graceSeconds: 600 })).json;
  expect(third.previousExternalId?.value).toBe(second.externalId);
  const ids = [first, second, third].map(({ externalId }) => externalId);
  expect(new Set(ids).size).toBe(3);
  expect(await Promise.all(ids.map((externalId) => access(sandbox, third, { externalId })))).toEqual([
    'denied',
    'allowed',
    'allowed',
  ]);
});

it('does not offer the new id before it is proven: 202, the old one works on, the schedule finishes', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const path = `/grants/${grant.id}/rotate`;
  const { status, json } = await askWhileIamIsSlow(sandbox, {
    method: 'POST',
    path,
    body: { graceSeconds: 3_600 },
  });
  expect([status, json['externalId']]).toEqual([202, grant.externalId]);
  expect(await externalIdOffered(grant.id)).toBe(grant.externalId);
  expect(await access(sandbox, grant)).toBe('allowed');
  await letTheScheduleFinish(sandbox);
  const after = await read(sandbox, grant);
  expect(after.pending).toBeUndefined();
  expect(after.externalId).not.toBe(grant.externalId);
  expect(await access(sandbox, after)).toBe('allowed');
  expect(await access(sandbox, grant)).toBe('allowed');
});

it('of a suspended grant: it stays shut, and opens with the new id', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  await ask(sandbox, grant, 'suspend');
  const { json } = await ask(sandbox, grant, 'rotate', { graceSeconds: 0 });
  expect(json.status).toBe('suspended');
  expect(await access(sandbox, json)).toBe('denied');
  await ask(sandbox, grant, 'resume');
  expect(await access(sandbox, json)).toBe('allowed');
  expect(await access(sandbox, grant)).toBe('denied');
});
