import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditLab, openLab } from './audit-lab.ts';

let lab: AuditLab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

it("keeps audits from everybody but the parent's own people", async () => {
  const { apiUrl } = lab.describe.parent;
  for (const person of [lab.asChild, lab.asOutsider]) {
    expect((await person.post(`${apiUrl}/audits`, {})).status).toBe(403);
    expect((await person.get(`${apiUrl}/audits`)).status).toBe(403);
    expect((await person.get(`${apiUrl}/audits/aud_00000000000000000000000000`)).status).toBe(403);
  }
  expect((await lab.asParent.get('/audits')).json).toEqual({ items: [] });
});
