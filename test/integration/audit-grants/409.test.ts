import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditAnswer, type AuditLab, openLab } from './audit-lab.ts';

let lab: AuditLab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

it('refuses an audit in another mode while one is running, and answers the running one otherwise', async () => {
  lab.addFault({ service: 'iam', operation: 'GetAccountSummary', nth: 1, fault: 'crash' });
  expect((await lab.asParent.post('/audits', { mode: 'report' })).status).toBe(502);

  const { status, json } = await lab.asParent.post('/audits', { mode: 'repair' });
  expect(status).toBe(409);
  expect(json).toMatchObject({ code: 'request.conflict' });

  const running = await lab.asParent.post<AuditAnswer>('/audits', { mode: 'report' });
  expect(running.status).toBe(202);
  expect(running.json).toMatchObject({ status: 'running', mode: 'report' });
});

it('finishes what was left unfinished before it begins what was asked for', async () => {
  lab.advanceClock(180);
  const { json } = await lab.asParent.get<{ items: AuditAnswer[] }>('/audits');
  const [left] = json.items;
  expect(left?.status).toBe('running');
  const repaired = await lab.audit('repair');
  expect(repaired).toMatchObject({ mode: 'repair', status: 'finished' });
  expect(repaired.id).not.toBe(left?.id);
  expect((await lab.asParent.get<AuditAnswer>(`/audits/${left?.id}`)).json.status).toBe('finished');
});
