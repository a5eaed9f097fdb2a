import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditLab, openLab } from './audit-lab.ts';

let lab: AuditLab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

const cases: readonly { readonly title: string; readonly body: unknown; readonly pointer: string }[] = [
  { title: 'a mode that there is not', body: { mode: 'mend' }, pointer: '/mode' },
  { title: 'a field that there is not', body: { mode: 'report', force: true }, pointer: '/force' },
  {
    title: 'what is not the ARN of a role',
    body: { adopt: 'arn:aws:iam::111111111111:user/x' },
    pointer: '/adopt',
  },
  { title: 'a role that is not named by a string', body: { adopt: 7 }, pointer: '/adopt' },
];

for (const { title, body, pointer } of cases)
  it(`refuses ${title}, and begins no audit`, async () => {
    const { status, json } = await lab.asParent.post('/audits', body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'request.invalid', errors: [{ pointer }] });
    expect((await lab.asParent.get('/audits')).json).toEqual({ items: [] });
  });

it('refuses what is not JSON', async () => {
  const { status, json } = await lab.asParent.send('POST', '/audits', { body: '{"mode":' });
  expect(status).toBe(400);
  expect(json).toMatchObject({ code: 'request.not_json' });
});
