import {
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  GetAccountAuthorizationDetailsCommand,
  GetAccountSummaryCommand,
  GetRoleCommand,
  type IAMClient,
  ListRolesCommand,
  PutRolePolicyCommand,
  type RoleDetail,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLastUsed } from '../../../sandbox/iam/last-used.ts';
import { allow, aWorld, childId, keysOf, parentId, rootOf, trustOf } from './a-world.ts';

async function allRoles(iam: IAMClient, MaxItems: number): Promise<RoleDetail[]> {
  const found: RoleDetail[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.send(
      new GetAccountAuthorizationDetailsCommand({ MaxItems, Filter: ['Role'], ...(Marker && { Marker }) }),
    );
    found.push(...(page.RoleDetailList ?? []));
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  return found;
}

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

describe(`GetAccountAuthorizationDetails (SEED=${seed})`, () => {
  it('gives users, groups, roles and policies, with their documents URL-encoded', async () => {
    const { parent } = aWorld();
    const { Policy } = await parent.iam.send(
      new CreatePolicyCommand({ PolicyName: 'edge', PolicyDocument: allow('sagemaker:*') }),
    );
    await parent.iam.send(
      new CreateRoleCommand({
        RoleName: 'a',
        Description: 'left out here',
        AssumeRolePolicyDocument: trustOf(childId),
        PermissionsBoundary: Policy?.Arn,
        Tags: [{ Key: 'k', Value: 'v' }],
      }),
    );
    await parent.iam.send(
      new PutRolePolicyCommand({ RoleName: 'a', PolicyName: 'p', PolicyDocument: allow('s3:*') }),
    );
    const details = await parent.iam.send(new GetAccountAuthorizationDetailsCommand({}));
    expect(details.IsTruncated).toBe(false);
    expect(details.UserDetailList?.map(({ UserName }) => UserName)).toEqual(['admin']);
    expect(details.Policies?.map(({ PolicyName }) => PolicyName)).toEqual(['edge', 'AdministratorAccess']);
    const [role] = details.RoleDetailList ?? [];
    expect(role).toMatchObject({
      RoleName: 'a',
      PermissionsBoundary: { PermissionsBoundaryArn: Policy?.Arn },
      Tags: [{ Key: 'k', Value: 'v' }],
      RolePolicyList: [
        {
          PolicyName: 'p',
          PolicyDocument: encodeURIComponent(allow('s3:*')).replaceAll('*', '%2A'),
        },
      ],
      RoleLastUsed: {},
    });
    // An account given by its twelve digits comes back as its root.
    expect(decodeURIComponent(role?.AssumeRolePolicyDocument ?? '')).toBe(trustOf(rootOf(childId)));
    expect(role).not.toHaveProperty('Description');
  });

  it('filters by kind', async () => {
    const { parent } = aWorld();
    const details = await parent.iam.send(
      new GetAccountAuthorizationDetailsCommand({ Filter: ['AWSManagedPolicy'] }),
    );
    expect(details.UserDetailList).toEqual([]);
    expect(details.Policies?.map(({ PolicyName }) => PolicyName)).toEqual(['AdministratorAccess']);
  });

  it('gives each role once, whatever the page size, also while roles come and go', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9+=,.@_-]{1,12}$/), {
          maxLength: 30,
          selector: (name) => name.toLowerCase(),
        }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        async (names, pageSize, isChanging) => {
          const { parent, iam } = aWorld();
          const trust = { Version: '2012-10-17', Statement: [] } as const;
          for (const name of names) iam.seedRole(parentId, { name, trust });
          const found: string[] = [];
          let Marker: string | undefined;
          let round = 0;
          do {
            const page = await parent.iam.send(
              new GetAccountAuthorizationDetailsCommand({
                Filter: ['Role'],
                MaxItems: pageSize,
                ...(Marker && { Marker }),
              }),
            );
            found.push(...(page.RoleDetailList ?? []).map(({ RoleName }) => RoleName ?? ''));
            Marker = page.IsTruncated ? page.Marker : undefined;
            if (isChanging) {
              const name = `zz-new-${round++}`;
              if (round < 3) iam.seedRole(parentId, { name, trust });
              // The very role that the marker names may go.
              const last = found.at(-1);
              if (last) await parent.iam.send(new DeleteRoleCommand({ RoleName: last }));
            }
          } while (Marker);
          expect(new Set(found).size).toBe(found.length);
          expect(found).toEqual(expect.arrayContaining([...names]));
        },
      ),
      { seed, numRuns: 30 },
    );
  });

  it('pages through 10,000 roles in pages of 1,000, a page well under a second', async () => {
    const { parent, iam } = aWorld();
    const prober = iam.seedRole(parentId, {
      name: 'prober',
      trust: { Version: '2012-10-17', Statement: [] },
    });
    for (let n = 0; n < 9_999; n++)
      iam.seedRole(parentId, {
        name: `role-${n}`,
        path: '/sharemaker/222222222222/',
        trust: {
          Version: '2012-10-17',
          Statement: {
            Effect: 'Allow',
            Principal: { AWS: [rootOf(childId), prober.arn] },
            Action: 'sts:AssumeRole',
          },
        },
        inline: {
          invoke: {
            Version: '2012-10-17',
            Statement: { Effect: 'Allow', Action: 'sagemaker:InvokeEndpoint', Resource: '*' },
          },
        },
        tags: { 'sharemaker:grant': `grt_${n}` },
      });
    expect(await readPages(parent.iam)).toEqual({ pages: 10, roles: 10_000 });
  });
});

async function readPages(iam: IAMClient) {
  let Marker: string | undefined;
  let roles = 0;
  let pages = 0;
  do {
    const page = await iam.send(
      new GetAccountAuthorizationDetailsCommand({
        MaxItems: 1000,
        Filter: ['Role'],
        ...(Marker && { Marker }),
      }),
    );
    pages += 1;
    roles += page.RoleDetailList?.length ?? 0;
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  return { pages, roles };
}

describe('GetAccountSummary', () => {
  it('counts what is there, beside the quotas', async () => {
    const { parent, iam } = aWorld();
    iam.addAccount(parentId, { rolesQuota: 5000, trustCharsMax: 4096 });
    await parent.iam.send(
      new CreateRoleCommand({ RoleName: 'a', AssumeRolePolicyDocument: trustOf(childId) }),
    );
    const { SummaryMap } = await parent.iam.send(new GetAccountSummaryCommand({}));
    expect(SummaryMap).toMatchObject({
      Roles: 1,
      RolesQuota: 5000,
      AssumeRolePolicySizeQuota: 4096,
      RolePolicySizeQuota: 10240,
      AttachedPoliciesPerRoleQuota: 10,
      Users: 1,
    });
  });
});

describe('RoleLastUsed', () => {
  it('tells when and where a session of the role last asked for anything, for 400 days', async () => {
    const { parent, child, iamOf, clock, advance } = aWorld();
    await parent.iam.send(
      new CreateRoleCommand({ RoleName: 'a', AssumeRolePolicyDocument: trustOf(rootOf(childId)) }),
    );
    const { Credentials } = await child.sts.send(
      new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${parentId}:role/a`, RoleSessionName: 'here' }),
    );
    const lastUsed = async () =>
      (await parent.iam.send(new GetRoleCommand({ RoleName: 'a' }))).Role?.RoleLastUsed;
    expect(await lastUsed()).toEqual({});
    await iamOf(keysOf(Credentials))
      .send(new ListRolesCommand({}))
      .catch(() => undefined);
    const at = Math.floor(clock.now() / 1000) * 1000;
    expect(await lastUsed()).toEqual({ LastUsedDate: new Date(at), Region: 'us-east-1' });
    expect((await allRoles(parent.iam, 10))[0]?.RoleLastUsed?.Region).toBe('us-east-1');
    advance(401 * 86_400);
    expect(await lastUsed()).toEqual({});
  });

  it('is told as late as it is set to be', () => {
    let now = 0;
    const lastUsed = createLastUsed({ now: () => now });
    lastUsed.setLag(3600);
    const use = (seconds: number, region: string) => {
      now = seconds * 1000;
      lastUsed.note('role', region);
    };
    const toldAt = (seconds: number) => {
      now = seconds * 1000;
      return lastUsed.of('role')?.region;
    };
    use(10, 'a');
    expect(toldAt(3609)).toBeUndefined();
    use(3609, 'b');
    expect(toldAt(3610)).toBe('a');
    use(3611, 'c');
    expect(toldAt(7208)).toBe('a');
    expect(toldAt(7209)).toBe('b');
    expect(toldAt(7211)).toBe('c');
  });
});
