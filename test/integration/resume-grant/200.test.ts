import { afterAll, beforeAll, expect, it } from 'vitest';
import { access, invoke, sessionOf } from '../../support/access.ts';
import { ask } from '../../support/ask.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';
import { askWhileIamIsSlow, letTheScheduleFinish } from '../../support/slow-iam.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('opens a suspended grant again: new sessions, and those that had been cut', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const session = await sessionOf(sandbox, grant);
  await ask(sandbox, grant, 'suspend');
  expect(await invoke(sandbox, grant, session!)).toBe('denied');
  const { status, json } = await ask(sandbox, grant, 'resume');
  expect([status, json.status, json.pending]).toEqual([200, 'active', undefined]);
  expect(json.externalId).toBe(grant.externalId);
  expect(await invoke(sandbox, grant, session!)).toBe('allowed');
  expect(await access(sandbox, grant)).toBe('allowed');
});

it('of a grant that is open, does nothing', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const callsBefore = sandbox.calls.length;
  const { status, json } = await ask(sandbox, grant, 'resume');
  expect([status, json]).toEqual([200, grant]);
  expect(sandbox.calls.slice(callsBefore).filter(({ service }) => service === 'iam')).toEqual([]);
});

it('called while a suspend is under way, takes it back', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const path = `/grants/${grant.id}/suspend`;
  expect((await askWhileIamIsSlow(sandbox, { method: 'POST', path })).status).toBe(202);
  sandbox.setLag(0);
  const { status, json } = await ask(sandbox, grant, 'resume');
  expect([status, json.status, json.pending]).toEqual([200, 'active', undefined]);
  expect(await access(sandbox, grant)).toBe('allowed');
});

it('says active only once it is: 202 while IAM is slow, and the schedule finishes', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  await ask(sandbox, grant, 'suspend');
  const path = `/grants/${grant.id}/resume`;
  const { status, json } = await askWhileIamIsSlow(sandbox, { method: 'POST', path });
  expect([status, json['status']]).toEqual([202, 'suspended']);
  expect(await access(sandbox, grant)).toBe('denied');
  await letTheScheduleFinish(sandbox);
  expect((await sandbox.asParent.get(`/grants/${grant.id}`)).json).toMatchObject({ status: 'active' });
  expect(await access(sandbox, grant)).toBe('allowed');
});
