import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

const bytes = (length: number) => `{"no":1}${' '.repeat(length - 8)}`;

it('refuses a body of one byte more than 64 KB, before it is read', async () => {
  const request = { method: 'POST', path: '/grants', body: bytes(65_537) };
  const { detail } = await expectRefusal(sandbox, request, { status: 413, code: 'request.too_large' });
  expect(detail).toBe('The body has more than 65536 bytes.');
});

it('reads a body of exactly 64 KB', () =>
  expectRefusal(
    sandbox,
    { method: 'POST', path: '/grants', body: bytes(65_536) },
    { status: 400, code: 'request.invalid', pointer: ['/endpoint', '/child', '/no'] },
  ));

it('counts bytes, not characters', () =>
  expectRefusal(
    sandbox,
    { method: 'POST', path: '/grants', body: JSON.stringify({ note: 'ü'.repeat(33_000) }) },
    { status: 413, code: 'request.too_large' },
  ));

it('leaves what no Lambda takes to API Gateway', async () => {
  const { status } = await sandbox.asParent.send('POST', '/grants', { body: 'x'.repeat(11 * 1024 * 1024) });
  expect(status).toBe(413);
});
