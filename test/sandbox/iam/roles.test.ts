import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  type CreateRoleCommandInput,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { allow, aWorld, childId, parentId, refusalOf, rootOf, trustOf } from './a-world.ts';

const RoleName = 'a-role';

function aRole(changes: Partial<CreateRoleCommandInput> = {}): CreateRoleCommand {
  return new CreateRoleCommand({
    RoleName,
    AssumeRolePolicyDocument: trustOf(rootOf(childId)),
    ...changes,
  });
}

describe('a role', () => {
  it('is created with path, boundary, tags and session length, and read back as it was made', async () => {
    const { parent } = aWorld();
    const { Policy } = await parent.iam.send(
      new CreatePolicyCommand({ PolicyName: 'edge', PolicyDocument: allow('sagemaker:*') }),
    );
    const { Role: created } = await parent.iam.send(
      aRole({
        Path: '/sharemaker/222222222222/',
        Description: 'a <role> & "more"\nof it',
        MaxSessionDuration: 7200,
        PermissionsBoundary: Policy?.Arn,
        Tags: [{ Key: 'team', Value: 'ml' }],
      }),
    );
    const { Role } = await parent.iam.send(new GetRoleCommand({ RoleName }));
    expect(Role).toEqual({ ...created, RoleLastUsed: {} });
    expect(Role).toMatchObject({
      Path: '/sharemaker/222222222222/',
      RoleName,
      Arn: `arn:aws:iam::${parentId}:role/sharemaker/222222222222/a-role`,
      Description: 'a <role> & "more"\nof it',
      MaxSessionDuration: 7200,
      PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: Policy?.Arn },
      Tags: [{ Key: 'team', Value: 'ml' }],
    });
    expect(Role?.RoleId).toMatch(/^AROA[A-Z2-7]{17}$/);
    expect(Role?.CreateDate).toBeInstanceOf(Date);
  });

  it('gives its documents back URL-encoded, inline policies in the very text that was put', async () => {
    const { parent } = aWorld();
    await parent.iam.send(aRole());
    const text =
      '{ "Version": "2012-10-17",\n "Statement": { "Effect": "Allow", "Action": "s3:*", "Resource": "*" } }';
    await parent.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: text }));
    const { PolicyDocument } = await parent.iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'p' }));
    expect(PolicyDocument).toMatch(/^%7B%20%22Version%22/);
    expect(PolicyDocument).not.toMatch(/[ "*!'()]/);
    expect(decodeURIComponent(PolicyDocument ?? '')).toBe(text);
  });

  it('is found by a name in any case, and its name is taken in any case and under any path', async () => {
    const { parent } = aWorld();
    await parent.iam.send(aRole());
    const { Role } = await parent.iam.send(new GetRoleCommand({ RoleName: 'A-ROLE' }));
    expect(Role?.RoleName).toBe(RoleName);
    expect(await refusalOf(parent.iam.send(aRole({ RoleName: 'A-Role', Path: '/other/' })))).toEqual({
      name: 'EntityAlreadyExistsException',
      status: 409,
      message: 'Role with name A-Role already exists.',
    });
  });

  it('changes its description, session length, trust, tags and boundary', async () => {
    const { parent } = aWorld();
    const { Policy } = await parent.iam.send(
      new CreatePolicyCommand({ PolicyName: 'edge', PolicyDocument: allow('*') }),
    );
    await parent.iam.send(aRole({ Tags: [{ Key: 'Team', Value: 'a' }] }));
    await parent.iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 43200 }));
    await parent.iam.send(new UpdateRoleDescriptionCommand({ RoleName, Description: 'new' }));
    await parent.iam.send(
      new TagRoleCommand({
        RoleName,
        Tags: [
          { Key: 'team', Value: 'b' },
          { Key: 'x', Value: '' },
        ],
      }),
    );
    await parent.iam.send(
      new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: Policy?.Arn }),
    );
    await parent.iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trustOf(rootOf(parentId)) }),
    );
    const { Role } = await parent.iam.send(new GetRoleCommand({ RoleName }));
    expect(Role).toMatchObject({ Description: 'new', MaxSessionDuration: 43200 });
    expect(Role?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(Policy?.Arn);
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(trustOf(rootOf(parentId)));
    expect((await parent.iam.send(new ListRoleTagsCommand({ RoleName }))).Tags).toEqual([
      { Key: 'team', Value: 'b' },
      { Key: 'x', Value: '' },
    ]);

    await parent.iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['X', 'never-there'] }));
    await parent.iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    const { Role: after } = await parent.iam.send(new GetRoleCommand({ RoleName }));
    expect(after?.Tags).toEqual([{ Key: 'team', Value: 'b' }]);
    expect(after?.PermissionsBoundary).toBeUndefined();
    expect(
      await refusalOf(parent.iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))),
    ).toMatchObject({
      name: 'NoSuchEntityException',
    });
  });

  it('is deleted only after its policies, and a new one of the same name has another id', async () => {
    const { parent } = aWorld();
    const { Role: first } = await parent.iam.send(aRole());
    const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
    await parent.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    await parent.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    await parent.iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: allow('s3:*') }),
    );
    expect(
      (await parent.iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies,
    ).toEqual([{ PolicyName: 'ReadOnlyAccess', PolicyArn }]);
    expect((await parent.iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames).toEqual(['p']);
    const remove = () => parent.iam.send(new DeleteRoleCommand({ RoleName }));
    expect(await refusalOf(remove())).toEqual({
      name: 'DeleteConflictException',
      status: 409,
      message: 'Cannot delete entity, must detach all policies first.',
    });
    await parent.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    expect((await refusalOf(remove())).message).toBe('Cannot delete entity, must delete policies first.');
    await parent.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }));
    await remove();
    expect(await refusalOf(remove())).toEqual({
      name: 'NoSuchEntityException',
      status: 404,
      message: 'The role with name a-role cannot be found.',
    });
    const { Role: second } = await parent.iam.send(aRole());
    expect(second?.RoleId).not.toBe(first?.RoleId);
  });
});

describe('listing roles', () => {
  it('gives each role once, whatever the page size, in the order of names and without tags', async () => {
    const { parent } = aWorld();
    const names = ['delta', 'Alpha', 'echo', 'bravo', 'Charlie'];
    for (const name of names)
      await parent.iam.send(
        aRole({ RoleName: name, Path: name === 'echo' ? '/other/' : '/', Tags: [{ Key: 'k', Value: 'v' }] }),
      );
    for (const MaxItems of [1, 2, 3, 5, 1000]) {
      const found: string[] = [];
      let Marker: string | undefined;
      do {
        const page = await parent.iam.send(new ListRolesCommand({ MaxItems, ...(Marker && { Marker }) }));
        found.push(...(page.Roles ?? []).map((role) => role.RoleName ?? ''));
        expect(page.Roles?.every(({ Tags }) => Tags === undefined)).toBe(true);
        expect(page.Marker === undefined).toBe(page.IsTruncated === false);
        Marker = page.Marker;
      } while (Marker);
      expect(found).toEqual(['Alpha', 'bravo', 'Charlie', 'delta', 'echo']);
    }
    const { Roles } = await parent.iam.send(new ListRolesCommand({ PathPrefix: '/other/' }));
    expect(Roles?.map((role) => role.RoleName)).toEqual(['echo']);
  });

  it('refuses a marker that it did not give', async () => {
    const { parent } = aWorld();
    expect(await refusalOf(parent.iam.send(new ListRolesCommand({ Marker: 'made-up' })))).toEqual({
      name: 'ValidationError',
      status: 400,
      message: 'Invalid Marker.',
    });
  });
});

describe('what is refused', () => {
  const wrong: readonly (readonly [string, Partial<CreateRoleCommandInput>, string, string])[] = [
    [
      'a name with a slash',
      { RoleName: 'a/b' },
      'ValidationError',
      'The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
    ],
    [
      'a name of 65 characters',
      { RoleName: 'r'.repeat(65) },
      'ValidationError',
      `1 validation error detected: Value '${'r'.repeat(65)}' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    ],
    [
      'a path without slashes',
      { Path: 'x' },
      'ValidationError',
      'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
    ],
    [
      'a session of a minute',
      { MaxSessionDuration: 60 },
      'ValidationError',
      "1 validation error detected: Value '60' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600",
    ],
    [
      'a session of a day',
      { MaxSessionDuration: 86400 },
      'ValidationError',
      "1 validation error detected: Value '86400' at 'maxSessionDuration' failed to satisfy constraint: Member must have value less than or equal to 43200",
    ],
    [
      'trust that is not JSON',
      { AssumeRolePolicyDocument: '{' },
      'MalformedPolicyDocumentException',
      'This policy contains invalid Json',
    ],
    [
      'trust with a resource',
      {
        AssumeRolePolicyDocument:
          '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole","Resource":"*"}]}',
      },
      'MalformedPolicyDocumentException',
      'Has prohibited field Resource',
    ],
    [
      'a principal role that is not there',
      { AssumeRolePolicyDocument: trustOf(`arn:aws:iam::${childId}:role/ghost`) },
      'MalformedPolicyDocumentException',
      `Invalid principal in policy: "AWS":"arn:aws:iam::${childId}:role/ghost"`,
    ],
    [
      'trust over the quota',
      {
        AssumeRolePolicyDocument: trustOf(
          Array.from({ length: 70 }, (_, n) => rootOf(String(100000000000 + n))),
        ),
      },
      'LimitExceededException',
      'Cannot exceed quota for ACLSizePerRole: 2048',
    ],
    [
      'a boundary that is not there',
      { PermissionsBoundary: `arn:aws:iam::${parentId}:policy/ghost` },
      'NoSuchEntityException',
      `Scope ARN: arn:aws:iam::${parentId}:policy/ghost does not exist or is not attachable.`,
    ],
    [
      'a boundary of another account',
      { PermissionsBoundary: `arn:aws:iam::${childId}:policy/ghost` },
      'NoSuchEntityException',
      `Scope ARN: arn:aws:iam::${childId}:policy/ghost does not exist or is not attachable.`,
    ],
    [
      'a boundary that is no policy',
      { PermissionsBoundary: `arn:aws:iam::${parentId}:role/ghost` },
      'InvalidInputException',
      `ARN arn:aws:iam::${parentId}:role/ghost is not valid.`,
    ],
    [
      'the same tag twice',
      {
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'A', Value: '2' },
        ],
      },
      'InvalidInputException',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    ],
    [
      "a tag of AWS's own",
      { Tags: [{ Key: 'aws:x', Value: '1' }] },
      'InvalidInputException',
      'One or more tags provided are using the reserved namespace "aws:".',
    ],
    [
      'a tag with a forbidden character',
      { Tags: [{ Key: 'a', Value: '<' }] },
      'ValidationError',
      "1 validation error detected: Value '<' at 'tags.1.member.value' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*",
    ],
    [
      '51 tags',
      { Tags: Array.from({ length: 51 }, (_, n) => ({ Key: `k${n}`, Value: '' })) },
      'ValidationError',
      "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50",
    ],
  ];
  it.each(wrong)('%s', async (_title, changes, name, message) => {
    const { parent } = aWorld();
    const status = { LimitExceededException: 409, NoSuchEntityException: 404 }[name] ?? 400;
    expect(await refusalOf(parent.iam.send(aRole(changes)))).toEqual({ name, status, message });
    expect((await parent.iam.send(new ListRolesCommand({}))).Roles).toEqual([]);
  });

  it('everything that is wrong at once, and missing parameters, in one sentence', async () => {
    const { parent } = aWorld();
    const call = parent.iam.send(new GetRolePolicyCommand({ RoleName: '', PolicyName: undefined }));
    expect((await refusalOf(call)).message).toBe(
      "2 validation errors detected: Value '' at 'roleName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value null at 'policyName' failed to satisfy constraint: Member must not be null",
    );
  });

  it('more roles than the account may have', async () => {
    const { parent, iam } = aWorld();
    iam.addAccount(parentId, { rolesQuota: 1 });
    await parent.iam.send(aRole());
    expect(await refusalOf(parent.iam.send(aRole({ RoleName: 'two' })))).toEqual({
      name: 'LimitExceededException',
      status: 409,
      message: 'Cannot exceed quota for RolesPerAccount: 1',
    });
  });

  it('inline policies that together are over 10,240 characters, white space not counted', async () => {
    const { parent } = aWorld();
    await parent.iam.send(aRole());
    const put = (PolicyName: string, chars: number, blanks = 0) => {
      const empty = allow('s3:GetObject', 'arn:aws:s3:::');
      const PolicyDocument = allow('s3:GetObject', `arn:aws:s3:::${'x'.repeat(chars - empty.length)}`);
      return parent.iam.send(
        new PutRolePolicyCommand({
          RoleName,
          PolicyName,
          PolicyDocument: PolicyDocument + ' '.repeat(blanks),
        }),
      );
    };
    await put('one', 5240, 9000);
    await put('two', 5000);
    expect(await refusalOf(put('three', 200))).toEqual({
      name: 'LimitExceededException',
      status: 409,
      message: 'Maximum policy size of 10240 bytes exceeded for role a-role',
    });
    await put('two', 4800);
    await put('three', 200);
  });

  it('policies that are not there', async () => {
    const { parent } = aWorld();
    await parent.iam.send(aRole());
    const refusals = [
      [
        new GetRolePolicyCommand({ RoleName, PolicyName: 'p' }),
        'The role policy with name p cannot be found.',
      ],
      [
        new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }),
        'The role policy with name p cannot be found.',
      ],
      [
        new PutRolePolicyCommand({ RoleName: 'ghost', PolicyName: 'p', PolicyDocument: allow('*') }),
        'The role with name ghost cannot be found.',
      ],
      [
        new AttachRolePolicyCommand({ RoleName, PolicyArn: 'arn:aws:iam::aws:policy/Ghost' }),
        'Policy arn:aws:iam::aws:policy/Ghost does not exist or is not attachable.',
      ],
      [
        new DetachRolePolicyCommand({ RoleName, PolicyArn: 'arn:aws:iam::aws:policy/Ghost' }),
        'Policy arn:aws:iam::aws:policy/Ghost was not found.',
      ],
    ] as const;
    for (const [command, message] of refusals)
      expect(await refusalOf(parent.iam.send(command as GetRolePolicyCommand))).toEqual({
        name: 'NoSuchEntityException',
        status: 404,
        message,
      });
  });

  it('an eleventh attached policy, and a fifty-first tag', async () => {
    const { parent } = aWorld();
    await parent.iam.send(
      aRole({ Tags: Array.from({ length: 50 }, (_, n) => ({ Key: `k${n}`, Value: '' })) }),
    );
    expect(
      await refusalOf(parent.iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: 'x', Value: '' }] }))),
    ).toMatchObject({
      name: 'LimitExceededException',
      message: 'The number of tags has reached the maximum limit.',
    });
    const attach = async (n: number) => {
      const { Policy } = await parent.iam.send(
        new CreatePolicyCommand({ PolicyName: `p${n}`, PolicyDocument: allow('*') }),
      );
      return parent.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: Policy?.Arn }));
    };
    for (let n = 0; n < 10; n++) await attach(n);
    expect(await refusalOf(attach(10))).toMatchObject({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for PoliciesPerRole: 10',
    });
  });
});
