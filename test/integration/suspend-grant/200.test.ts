import { afterAll, beforeAll, expect, it } from 'vitest';
import { access, invoke, sessionOf } from '../../support/access.ts';
import { ask, read } from '../../support/ask.ts';
import { byHand } from '../../support/by-hand.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('shuts a grant to sessions taken before and after, in every mode, and keeps its role', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet', { modes: ['sync', 'stream'] });
  const session = await sessionOf(sandbox, grant);
  expect(await invoke(sandbox, grant, session!)).toBe('allowed');
  const { status, json } = await ask(sandbox, grant, 'suspend');
  expect([status, json.status, json.pending]).toEqual([200, 'suspended', undefined]);
  expect(json.role).toEqual(grant.role);
  expect(json.probes.map(({ probe, observed }) => `${probe}: ${observed}`)).toContain('invoke sync: denied');
  for (const mode of ['sync', 'stream'] as const) {
    expect(await invoke(sandbox, grant, session!, mode)).toBe('denied');
    expect(await access(sandbox, grant, { mode })).toBe('denied');
  }
  expect((await byHand(sandbox).roleOf(grant))?.RoleId).toBe(grant.role.id);
});

it('asked twice, suspends once', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const first = await ask(sandbox, grant, 'suspend');
  const callsBefore = sandbox.calls.length;
  const second = await ask(sandbox, grant, 'suspend');
  expect([second.status, second.json]).toEqual([200, first.json]);
  expect(sandbox.calls.slice(callsBefore).filter(({ service }) => service === 'iam')).toEqual([]);
});

it('touches no other grant of the same child', async () => {
  const [one, other] = await Promise.all([
    anActiveGrant(sandbox, 'puppet'),
    anActiveGrant(sandbox, 'puppet'),
  ]);
  await ask(sandbox, one, 'suspend');
  expect(await access(sandbox, other)).toBe('allowed');
  expect((await read(sandbox, other)).version).toBe(other.version);
});

it('shuts a grant whose role was deleted by hand: it has one again, shut', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  await byHand(sandbox).deleteRole(grant);
  const { status, json } = await ask(sandbox, grant, 'suspend');
  expect([status, json.status]).toEqual([200, 'suspended']);
  expect(json.role.id).not.toBe(grant.role.id);
  expect(await access(sandbox, grant)).toBe('denied');
  await ask(sandbox, grant, 'resume');
  expect(await access(sandbox, grant)).toBe('allowed');
});
