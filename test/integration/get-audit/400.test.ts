import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

it('refuses what is not an audit id', async () => {
  for (const id of ['current', 'aud_1', 'grt_00000000000000000000000000']) {
    const { status, json } = await sandbox.asParent.get(`/audits/${id}`);
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'request.invalid', errors: [{ pointer: 'path/auditId' }] });
  }
});

it('refuses a cursor that it did not make', async () => {
  const audit = (await sandbox.asParent.post<{ id: string }>('/audits')).json;
  const { status, json } = await sandbox.asParent.get(`/audits/${audit.id}?cursor=nonsense`);
  expect(status).toBe(400);
  expect(json).toMatchObject({ code: 'cursor.invalid' });
});
