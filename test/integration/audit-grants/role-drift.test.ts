/** Every finding about a share role: made to happen through IAM's API, found, mended, and not found again. */

import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../../lib/contract/audit.ts';
import type { Grant } from '../../../lib/contract/grant.ts';
import { type AuditAnswer, type AuditLab, codesOf, openLab } from './audit-lab.ts';

let lab: AuditLab;

interface Drift {
  readonly title: string;
  readonly codes: readonly string[];
  readonly tamper: (iam: IAMClient, grant: Grant) => Promise<unknown>;
  readonly evidence: RegExp;
}

const allowAll = (Action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

const drifts: readonly Drift[] = [
  {
    title: 'a role that was deleted',
    codes: ['role.missing'],
    tamper: deleteRole,
    evidence: /^- role arn:aws:iam::111111111111:role\/sharemaker\//,
  },
  {
    title: 'a role that was deleted and made again by hand, with more rights, no boundary and no tags',
    codes: ['boundary.missing', 'policy.drifted', 'role.recreated', 'tags.drifted', 'trust.drifted'],
    async tamper(iam, grant) {
      await deleteRole(iam, grant);
      await iam.send(
        new CreateRoleCommand({
          RoleName: nameOf(grant),
          Path: '/sharemaker/222222222222/',
          AssumeRolePolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: 'arn:aws:iam::222222222222:root' },
                Action: 'sts:AssumeRole',
              },
            ],
          }),
        }),
      );
    },
    evidence: /^- role id AROA/,
  },
  {
    title: 'a trust policy without its external id',
    codes: ['trust.drifted'],
    tamper: (iam, grant) =>
      changeTrust(iam, grant, (statement) => {
        if (statement.Sid === 'Child') delete statement.Condition?.StringEquals;
      }),
    evidence: /- Condition StringEquals sts:externalid \(the grant's external id\)/,
  },
  {
    title: 'a trust policy that admits one more account',
    codes: ['trust.drifted'],
    tamper: (iam, grant) =>
      changeTrust(iam, grant, (statement) => {
        if (statement.Sid === 'Child') statement.Principal = { AWS: ['222222222222', '333333333333'] };
      }),
    evidence: /\+ Principal AWS:333333333333/,
  },
  {
    title: 'a trust policy that names a role of the child, which was deleted since',
    codes: ['trust.principal_recreated'],
    async tamper(iam, grant) {
      const RoleName = `scoring-of-${grant.id.slice(-8)}`;
      const { Role } = await lab.childIam.send(
        new CreateRoleCommand({
          RoleName,
          AssumeRolePolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
            ],
          }),
        }),
      );
      await changeTrust(iam, grant, (statement) => {
        if (statement.Sid === 'Child') statement.Principal = { AWS: Role?.Arn ?? '' };
      });
      await lab.childIam.send(new DeleteRoleCommand({ RoleName }));
    },
    evidence: /^AROA[A-Z0-9]+ was a principal that is deleted/,
  },
  {
    title: 'a permission policy that reaches every endpoint',
    codes: ['policy.drifted'],
    tamper: (iam, grant) => putPolicy(iam, grant, 'invoke', allowAll('sagemaker:InvokeEndpoint')),
    evidence: /^ +\+ Resource \*$/,
  },
  {
    title: 'a permission policy that was deleted',
    codes: ['policy.drifted'],
    tamper: (iam, grant) =>
      iam.send(new DeleteRolePolicyCommand({ RoleName: nameOf(grant), PolicyName: 'invoke' })),
    evidence: /^- inline policy invoke is gone/,
  },
  {
    title: 'one more mode than was granted, in a policy of its own',
    codes: ['policy.extra'],
    tamper: (iam, grant) => putPolicy(iam, grant, 'more', allowAll('sagemaker:InvokeEndpointAsync')),
    evidence: /^\+ inline policy more/,
  },
  {
    title: 'a deny that somebody put on an active grant',
    codes: ['policy.extra'],
    tamper: (iam, grant) =>
      putPolicy(
        iam,
        grant,
        'deny',
        JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
        }),
      ),
    evidence: /^\+ inline policy deny/,
  },
  {
    title: 'a managed policy that was attached',
    codes: ['policy.extra'],
    tamper: (iam, grant) =>
      iam.send(
        new AttachRolePolicyCommand({
          RoleName: nameOf(grant),
          PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess',
        }),
      ),
    evidence: /^\+ attached policy arn:aws:iam::aws:policy\/ReadOnlyAccess/,
  },
  {
    title: 'a boundary that was removed',
    codes: ['boundary.missing'],
    tamper: (iam, grant) => iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName: nameOf(grant) })),
    evidence: /^\+ no permissions boundary/,
  },
  {
    title: 'a tag that was changed and one that was removed',
    codes: ['tags.drifted'],
    async tamper(iam, grant) {
      await iam.send(
        new TagRoleCommand({ RoleName: nameOf(grant), Tags: [{ Key: 'sharemaker:child', Value: 'nobody' }] }),
      );
      await iam.send(new UntagRoleCommand({ RoleName: nameOf(grant), TagKeys: ['sharemaker:endpoint'] }));
    },
    evidence: /^\+ tag sharemaker:child = nobody/,
  },
  {
    title: 'sessions of twelve hours',
    codes: ['session.too_long'],
    tamper: (iam, grant) =>
      iam.send(new UpdateRoleCommand({ RoleName: nameOf(grant), MaxSessionDuration: 43_200 })),
    evidence: /^\+ maximum session 43200 s/,
  },
];

/** All at once: one audit finds them, one mends them, one finds nothing left. */
let grants: Grant[];
let reported: AuditAnswer;
let repaired: AuditAnswer;
let after: AuditAnswer;
beforeAll(async () => {
  lab = await openLab();
  // In turn: each of them side by side would need an environment of its own.
  grants = [];
  while (grants.length < drifts.length) grants.push(await lab.grant());
  for (const [index, { tamper }] of drifts.entries()) await tamper(lab.parentIam, grants[index]!);
  reported = await lab.audit('report');
  repaired = await lab.audit('repair');
  after = await lab.audit('report');
}, 120_000);
afterAll(() => lab.close());

for (const [index, { title, codes, evidence }] of drifts.entries())
  it(`finds ${title}, mends it and proves it`, async () => {
    const grant = grants[index]!;
    const found = ofGrant(reported, grant);
    expect(found.map(({ code }) => code).sort()).toEqual(codes);
    expect(found.every(({ repair }) => repair === undefined)).toBe(true);
    expect(found.flatMap((finding) => finding.evidence).join('\n')).toMatch(new RegExp(evidence.source, 'm'));
    expect(JSON.stringify([reported, repaired])).not.toContain(grant.externalId);

    const mended = ofGrant(repaired, grant).map(({ code, repair }) => `${code} ${repair}`);
    expect(mended.sort()).toEqual(codes.map((code) => `${code} repaired`));
    expect(ofGrant(after, grant)).toEqual([]);
    expect((await lab.read(grant.id)).status).toBe('active');
    expect(await lab.invokeAsChild(grant)).toBe('ok');
    expect(await lab.invokeAsChild(grant, 'storyteller')).toBe('AccessDeniedException');
  });

it('counts what it read, compared, found and mended', () => {
  const { counts, findings } = repaired;
  expect(counts.grantsCompared).toBe(drifts.length);
  expect(counts.rolesRead).toBeGreaterThan(drifts.length);
  expect(counts.findings).toBe(findings.length);
  expect(counts.high).toBe(findings.filter(({ severity }) => severity === 'high').length);
  expect(counts.repaired).toBe(findings.length);
  expect(counts.iamCalls).toBe(6);
  expect(after.findings).toEqual([]);
});

it('shows by probes that a policy lets another endpoint through', async () => {
  const grant = await lab.grant();
  await putPolicy(lab.parentIam, grant, 'invoke', allowAll('sagemaker:InvokeEndpoint'));
  const { findings } = await lab.audit('repair');
  expect(findings.map(({ code, repair }) => `${code} ${repair}`).sort()).toEqual([
    'access.too_wide repaired',
    'policy.drifted repaired',
  ]);
  const probed = findings.find(({ code }) => code === 'access.too_wide');
  expect(probed?.evidence.join()).toMatch(/sync invocation of another endpoint, .*, was allowed/);
  expect(await lab.invokeAsChild(grant, 'storyteller')).toBe('AccessDeniedException');
});

it('shows by probes that a policy lets another mode through', async () => {
  const grant = await lab.grant();
  await putPolicy(lab.parentIam, grant, 'more', allowAll('sagemaker:InvokeEndpointAsync'));
  const { findings } = await lab.audit('repair');
  const probed = findings.find(({ code }) => code === 'access.too_wide');
  expect(probed?.evidence).toContain('+ async invocation was allowed; the grant has sync');
  expect(probed?.repair).toBe('repaired');
});

it('shows by probes that a wrong external id opens the role', async () => {
  const grant = await lab.grant();
  await changeTrust(lab.parentIam, grant, (statement) => {
    delete statement.Condition?.StringEquals?.['sts:ExternalId'];
  });
  const { findings } = await lab.audit('repair');
  expect(codesOf({ findings })).toEqual(['access.too_wide', 'trust.drifted']);
  const probed = findings.find(({ code }) => code === 'access.too_wide');
  expect(probed?.evidence).toContain('+ AssumeRole with a wrong external id was allowed');
  expect(probed?.repair).toBe('repaired');
});

it('mends a suspended grant without opening it', async () => {
  const grant = await lab.grant();
  await lab.asParent.post(`/grants/${grant.id}/suspend`);
  await lab.parentIam.send(new DeleteRolePolicyCommand({ RoleName: nameOf(grant), PolicyName: 'deny' }));
  expect(await lab.invokeAsChild(grant)).toBe('ok');

  const repaired = await lab.audit('repair');
  expect(repaired.findings.map(({ code, repair }) => `${code} ${repair}`)).toEqual([
    'policy.drifted repaired',
  ]);
  expect((await lab.read(grant.id)).status).toBe('suspended');
  expect(await lab.invokeAsChild(grant)).toBe('AccessDeniedException');
  await lab.asParent.post(`/grants/${grant.id}/revoke`);
});

it('leaves the exact documents of the grant behind', async () => {
  const grant = await lab.grant();
  const before = await documentsOf(lab.parentIam, grant);
  await putPolicy(lab.parentIam, grant, 'more', allowAll('s3:*'));
  await lab.audit('repair');
  const after = await documentsOf(lab.parentIam, grant);
  expect(after.attached).toEqual([]);
  expect(Object.values(after.inline)).toEqual(Object.values(before.inline));
  // All but the mark, which names the documents that were put last.
  expect(withoutMark(after.trust)).toEqual(withoutMark(before.trust));
});

function withoutMark(trust: unknown): unknown {
  return JSON.parse(JSON.stringify(trust).replace(/(grt_\w+)@\d+\.\d/, '$1'));
}

function ofGrant({ findings }: AuditAnswer, grant: Grant): readonly Finding[] {
  return findings.filter(({ grantId, code }) => grantId === grant.id && code !== 'access.too_wide');
}

interface TrustStatement {
  Sid: string;
  Principal: { AWS: string | string[] };
  Condition?: Record<string, Record<string, unknown>>;
}

async function changeTrust(
  iam: IAMClient,
  grant: Grant,
  edit: (statement: TrustStatement) => void,
): Promise<void> {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: nameOf(grant) }));
  const trust: { Statement: TrustStatement[] } = decode(Role?.AssumeRolePolicyDocument);
  for (const statement of trust.Statement) edit(statement);
  await iam.send(
    new UpdateAssumeRolePolicyCommand({
      RoleName: nameOf(grant),
      PolicyDocument: JSON.stringify(trust),
    }),
  );
}

async function putPolicy(iam: IAMClient, grant: Grant, PolicyName: string, PolicyDocument: string) {
  await iam.send(new PutRolePolicyCommand({ RoleName: nameOf(grant), PolicyName, PolicyDocument }));
}

async function deleteRole(iam: IAMClient, grant: Grant): Promise<void> {
  await iam.send(new DeleteRolePolicyCommand({ RoleName: nameOf(grant), PolicyName: 'invoke' }));
  await iam.send(new DeleteRoleCommand({ RoleName: nameOf(grant) }));
}

async function documentsOf(iam: IAMClient, grant: Grant) {
  const RoleName = nameOf(grant);
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  const inline: Record<string, unknown> = {};
  for (const PolicyName of PolicyNames ?? []) {
    const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    inline[PolicyName] = decode(PolicyDocument);
  }
  return { inline, attached: AttachedPolicies, trust: decode(Role?.AssumeRolePolicyDocument) };
}

function decode<T>(document: string | undefined): T {
  return JSON.parse(decodeURIComponent(document ?? '')) as T;
}

function nameOf(grant: Grant): string {
  return grant.role.arn.split('/').at(-1) ?? '';
}
