import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

it('says of an audit that there is not that it is not found', async () => {
  const { status, json } = await sandbox.asParent.get('/audits/aud_00000000000000000000000000');
  expect(status).toBe(404);
  expect(json).toMatchObject({ code: 'audit.not_found' });
});
