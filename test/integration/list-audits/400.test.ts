import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

it('refuses a cursor that it did not make', async () => {
  for (const cursor of ['nonsense', btoa('{"q":"x","k":{}}')]) {
    const { status, json } = await sandbox.asParent.get(`/audits?cursor=${encodeURIComponent(cursor)}`);
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'cursor.invalid' });
  }
});

it('refuses a limit out of bounds and parameters that there are not', async () => {
  for (const query of ['limit=0', 'limit=101', 'limit=many', 'status=running']) {
    const { status, json } = await sandbox.asParent.get(`/audits?${query}`);
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'request.invalid' });
  }
});
