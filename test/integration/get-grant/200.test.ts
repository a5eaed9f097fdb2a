import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

it('answers what create-grant answered, with the ETag that update-grant wants', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet', { note: 'as it was' });
  const { status, headers, json } = await sandbox.asParent.get(`/grants/${grant.id}`);
  expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(json).toEqual(grant);
  const update = { headers: { 'if-match': headers.get('etag')! } };
  const updated = await sandbox.asParent.patch(`/grants/${grant.id}`, { note: 'as it is' }, update);
  expect(updated.status).toBe(200);
  const again = await sandbox.asParent.get(`/grants/${grant.id}`);
  expect(again.json).toEqual(updated.json);
  expect(again.headers.get('etag')).toBe(updated.headers.get('etag'));
  expect(again.headers.get('etag')).not.toBe(headers.get('etag'));
});

it('keeps its ETag as long as nothing changes for callers, whatever the schedule does', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const before = await sandbox.asParent.get(`/grants/${grant.id}`);
  await sandbox.runSchedule('advance-grants');
  const after = await sandbox.asParent.get(`/grants/${grant.id}`);
  expect(after.headers.get('etag')).toBe(before.headers.get('etag'));
});
