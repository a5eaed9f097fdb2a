import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Audit, Finding } from '../../../lib/contract/audit.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

type AuditPage = Audit & { readonly findings: readonly Finding[]; readonly nextCursor?: string };

const strays = 45;
let sandbox: TestSandbox;
let audit: AuditPage;
beforeAll(async () => {
  sandbox = await startSandbox();
  const iam = new IAMClient(sandbox.asParent.sdk);
  const trust = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
  for (let number = 0; number < strays; number++)
    await iam.send(
      new CreateRoleCommand({
        RoleName: `stray-${number}`,
        Path: '/sharemaker/',
        AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
      }),
    );
  audit = (await sandbox.asParent.post<AuditPage>('/audits')).json;
});
afterAll(() => sandbox.close());

it('answers the audit with its findings', async () => {
  const { status, json } = await sandbox.asParent.get<AuditPage>(`/audits/${audit.id}`);
  expect(status).toBe(200);
  expect(json).toEqual(audit);
  expect(json.findings).toHaveLength(strays);
});

it('walks through the findings, each once, whatever the size of a page', async () => {
  for (const limit of [1, 7, 20, 45]) {
    const seen: Finding[] = [];
    let cursor: string | undefined;
    do {
      const path = `/audits/${audit.id}?limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`;
      const { json } = await sandbox.asParent.get<AuditPage>(path);
      expect(json.findings.length).toBeLessThanOrEqual(limit);
      seen.push(...json.findings);
      cursor = json.nextCursor;
    } while (cursor);
    expect(seen).toEqual(audit.findings);
  }
});

it('shows of a finding what its schema says, and nothing of what repair keeps for itself', () => {
  for (const finding of audit.findings)
    expect(Object.keys(finding).sort()).toEqual(['code', 'evidence', 'remedy', 'severity', 'subject']);
});
