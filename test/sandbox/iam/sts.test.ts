import {
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  ListGroupsCommand,
  ListRolesCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
} from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import {
  allow,
  aWorld,
  childId,
  type Keys,
  keysOf,
  parentId,
  refusalOf,
  rootOf,
  trustOf,
} from './a-world.ts';

const RoleName = 'share';
const Path = '/sharemaker/222222222222/';
const RoleArn = `arn:aws:iam::${parentId}:role${Path}${RoleName}`;
const RoleSessionName = 'here';

async function aShare(trust = trustOf(rootOf(childId), { StringEquals: { 'sts:ExternalId': 'e-1' } })) {
  const world = aWorld();
  await world.parent.iam.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument: trust }));
  const assume = (changes: Partial<AssumeRoleCommandInput> = {}, keys: Keys = world.child.keys) =>
    world
      .stsOf(keys)
      .send(new AssumeRoleCommand({ RoleArn, RoleSessionName, ExternalId: 'e-1', ...changes }));
  return { ...world, assume };
}

type Conditions = Record<string, Record<string, string>>;

/** A statement for each action, with conditions of its own. */
function trustByAction(principal: string, conditions: Readonly<Record<string, Conditions>>): string {
  const Statement = Object.entries(conditions).map(([Action, Condition]) => ({
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action,
    Condition,
  }));
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

const denied = {
  name: 'AccessDenied',
  status: 403,
  message: `User: arn:aws:iam::${childId}:user/admin is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
};

describe('AssumeRole', () => {
  it('answers credentials that are the role, with its path dropped from the session', async () => {
    const { assume, stsOf, clock } = await aShare();
    const { Credentials, AssumedRoleUser, PackedPolicySize } = await assume({ DurationSeconds: 900 });
    expect(AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${parentId}:assumed-role/share/here`);
    expect(AssumedRoleUser?.AssumedRoleId).toMatch(/^AROA[A-Z2-7]{17}:here$/);
    expect(Credentials?.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(Credentials?.Expiration?.getTime()).toBe(Math.floor(clock.now() / 1000) * 1000 + 900_000);
    expect(PackedPolicySize).toBeUndefined();
    expect(await stsOf(keysOf(Credentials)).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: parentId,
      Arn: AssumedRoleUser?.Arn,
      UserId: AssumedRoleUser?.AssumedRoleId,
    });
  });

  it('is refused in the same words for a wrong external id, none, a role not trusting, and no role at all', async () => {
    const { assume, stsOf, child } = await aShare();
    expect(await refusalOf(assume({ ExternalId: 'e-2' }))).toEqual(denied);
    expect(await refusalOf(assume({ ExternalId: undefined }))).toEqual(denied);
    const ghost = `${RoleArn}-ghost`;
    const call = stsOf(child.keys).send(new AssumeRoleCommand({ RoleArn: ghost, RoleSessionName }));
    expect(await refusalOf(call)).toEqual({ ...denied, message: denied.message.replace(RoleArn, ghost) });
    const pathless = `arn:aws:iam::${parentId}:role/share`;
    expect(await refusalOf(assume({ RoleArn: pathless }))).toEqual({
      ...denied,
      message: denied.message.replace(RoleArn, pathless),
    });
    const { assume: untrusted } = await aShare(trustOf(rootOf('333333333333')));
    expect(await refusalOf(untrusted())).toEqual(denied);
  });

  it('across accounts needs the caller own permission too', async () => {
    const { iam, assume } = await aShare();
    const seed = { accessKeyId: 'AKIACHILDPLAINUSER00', secretAccessKey: 'x'.repeat(40) };
    iam.seedUser(childId, { name: 'plain', credentials: seed });
    expect((await refusalOf(assume({}, seed))).name).toBe('AccessDenied');
  });

  it('sees the caller as its role, and the organization of its account', async () => {
    const { iam, assume, child } = await aShare(
      trustOf(rootOf(childId), {
        ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${childId}:role/scoring-*` },
        StringEquals: { 'aws:PrincipalOrgID': 'o-childorg11' },
      }),
    );
    const role = (name: string) => {
      const { arn } = iam.seedRole(childId, {
        name,
        trust: {
          Version: '2012-10-17',
          Statement: {
            Effect: 'Allow',
            Principal: { Service: 'lambda.amazonaws.com' },
            Action: 'sts:AssumeRole',
          },
        },
        inline: {
          p: {
            Version: '2012-10-17',
            Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' },
          },
        },
      });
      return iam.serviceSession(arn, 'fn', 3600);
    };
    await assume({}, role('scoring-1'));
    expect((await refusalOf(assume({}, role('other')))).name).toBe('AccessDenied');
    expect((await refusalOf(assume({}, child.keys))).name).toBe('AccessDenied');
    iam.addAccount(childId, { orgId: 'o-elsewhere1' });
    expect((await refusalOf(assume({}, role('scoring-2')))).name).toBe('AccessDenied');
  });

  it('lasts an hour at most in a chain, and never longer than the role allows', async () => {
    const { parent, assume, iam } = await aShare();
    expect(await refusalOf(assume({ DurationSeconds: 3601 }))).toEqual({
      name: 'ValidationError',
      status: 400,
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    });
    await parent.iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 43200 }));
    await assume({ DurationSeconds: 43200 });
    const { arn } = iam.seedRole(childId, {
      name: 'fn',
      trust: {
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Principal: { Service: 'lambda.amazonaws.com' },
          Action: 'sts:AssumeRole',
        },
      },
      managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'],
    });
    const chained = iam.serviceSession(arn, 'fn', 3600);
    expect(await refusalOf(assume({ DurationSeconds: 3601 }, chained))).toEqual({
      name: 'ValidationError',
      status: 400,
      message:
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    });
    await assume({ DurationSeconds: 3600 }, chained);
  });

  it('ends when it said it would, by the clock of the sandbox', async () => {
    const { assume, stsOf, advance } = await aShare();
    const keys = keysOf((await assume({ DurationSeconds: 900 })).Credentials);
    const identify = () => stsOf(keys).send(new GetCallerIdentityCommand({}));
    advance(890);
    await identify();
    advance(11);
    expect(await refusalOf(identify())).toEqual({
      name: 'ExpiredToken',
      status: 403,
      message: 'The security token included in the request is expired',
    });
  });

  const wrong: readonly (readonly [string, Partial<AssumeRoleCommandInput>, string])[] = [
    [
      'a session name with a blank',
      { RoleSessionName: 'a b' },
      "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    ],
    [
      'a session name of one character',
      { RoleSessionName: 'a' },
      "1 validation error detected: Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
    ],
    [
      'an external id with a blank, which is not repeated',
      { ExternalId: 'very secret' },
      "1 validation error detected: Value at 'externalId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@:/-]*",
    ],
    [
      '899 seconds',
      { DurationSeconds: 899 },
      "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    ],
    [
      '43,201 seconds',
      { DurationSeconds: 43201 },
      "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
    ],
    [
      'a source identity of AWS',
      { SourceIdentity: 'aws:me' },
      "1 validation error detected: Value 'aws:me' at 'sourceIdentity' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    ],
    [
      'what is no ARN of a role',
      { RoleArn: `arn:aws:iam::${parentId}:user/x` },
      `arn:aws:iam::${parentId}:user/x is invalid`,
    ],
    [
      'a policy of 2,049 characters',
      { Policy: 'x'.repeat(2049) },
      "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048",
    ],
    [
      'a transitive key without its tag',
      { TransitiveTagKeys: ['k'] },
      'The specified transitive tag key must be included in the requested tags.',
    ],
  ];
  it.each(wrong)('refuses %s', async (_title, changes, message) => {
    const { assume } = await aShare();
    expect(await refusalOf(assume(changes))).toEqual({ name: 'ValidationError', status: 400, message });
  });

  it('refuses a session policy that is none, is not there, or is too long together with others', async () => {
    const { assume } = await aShare();
    expect(await refusalOf(assume({ Policy: '{' }))).toMatchObject({
      name: 'MalformedPolicyDocumentException',
      status: 400,
    });
    const ghost = `arn:aws:iam::${parentId}:policy/ghost`;
    expect(await refusalOf(assume({ PolicyArns: [{ arn: ghost }] }))).toMatchObject({
      name: 'MalformedPolicyDocumentException',
    });
    const many = {
      Policy: allow('*', `arn:aws:s3:::${'x'.repeat(1900)}`),
      PolicyArns: ['a', 'b', 'c'].map((name) => ({ arn: `arn:aws:iam::${parentId}:policy/${name}` })),
    };
    expect(await refusalOf(assume(many))).toMatchObject({
      name: 'PackedPolicyTooLargeException',
      status: 400,
    });
  });
});

describe('a session', () => {
  it('may what its role may and its session policies too: any of them, never more than the role', async () => {
    const { parent, assume, iamOf } = await aShare();
    await parent.iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'p',
        PolicyDocument: allow(['iam:ListUsers', 'iam:ListRoles']),
      }),
    );
    const { Policy } = await parent.iam.send(
      new CreatePolicyCommand({
        PolicyName: 'p',
        PolicyDocument: allow(['iam:ListRoles', 'iam:ListGroups']),
      }),
    );
    const inline = iamOf(keysOf((await assume({ Policy: allow('iam:ListUsers') })).Credentials));
    await inline.send(new ListUsersCommand({}));
    expect((await refusalOf(inline.send(new ListRolesCommand({})))).message).toContain(
      'because no session policy allows the iam:ListRoles action',
    );
    const answer = await assume({ Policy: allow('iam:ListUsers'), PolicyArns: [{ arn: Policy?.Arn }] });
    expect(answer.PackedPolicySize).toBeGreaterThan(0);
    const both = iamOf(keysOf(answer.Credentials));
    await both.send(new ListUsersCommand({}));
    await both.send(new ListRolesCommand({}));
    expect((await refusalOf(both.send(new ListGroupsCommand({})))).message).toContain(
      'no identity-based policy',
    );
  });

  it('is tagged, and named for its source, only where trust and the caller allow that too', async () => {
    const onlyAssume = JSON.parse(trustOf(rootOf(childId)));
    onlyAssume.Statement[0].Action = 'sts:AssumeRole';
    const { assume } = await aShare(JSON.stringify(onlyAssume));
    await assume();
    const Tags = [{ Key: 'tenant', Value: 'a' }];
    expect(await refusalOf(assume({ Tags }))).toEqual({
      ...denied,
      message: denied.message.replace('sts:AssumeRole', 'sts:TagSession'),
    });
    expect(await refusalOf(assume({ SourceIdentity: 'ada' }))).toEqual({
      ...denied,
      message: denied.message.replace('sts:AssumeRole', 'sts:SetSourceIdentity'),
    });
  });

  it.each([
    ['sts:AssumeRole', 'sts:ExternalId', 'secret', true],
    ['sts:AssumeRole', 'sts:RoleSessionName', 'here', true],
    ['sts:AssumeRole', 'sts:SourceIdentity', 'ada', true],
    ['sts:AssumeRole', 'aws:RequestTag/tenant', 'a', true],
    ['sts:SetSourceIdentity', 'sts:SourceIdentity', 'ada', true],
    ['sts:SetSourceIdentity', 'sts:ExternalId', 'secret', false],
    ['sts:SetSourceIdentity', 'sts:RoleSessionName', 'here', false],
    ['sts:SetSourceIdentity', 'aws:RequestTag/tenant', 'a', false],
    ['sts:TagSession', 'aws:RequestTag/tenant', 'a', true],
    ['sts:TagSession', 'sts:ExternalId', 'secret', false],
    ['sts:TagSession', 'sts:SourceIdentity', 'ada', false],
  ] as const)('%s has the key %s=%s: %s', async (action, key, value, isThere) => {
    const each = { 'sts:AssumeRole': {}, 'sts:TagSession': {}, 'sts:SetSourceIdentity': {} };
    const { assume } = await aShare(
      trustByAction(rootOf(childId), { ...each, [action]: { StringEquals: { [key]: value } } }),
    );
    const asked = assume({
      ExternalId: 'secret',
      RoleSessionName: 'here',
      SourceIdentity: 'ada',
      Tags: [{ Key: 'tenant', Value: 'a' }],
    });
    if (isThere) await asked;
    else expect((await refusalOf(asked)).message).toContain(`is not authorized to perform: ${action} `);
  });

  it('carries its tags into conditions, and its transitive ones and its source down a chain', async () => {
    const { parent, assume, stsOf } = await aShare(trustOf(rootOf(childId)));
    await parent.iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: allow('sts:*') }),
    );
    await parent.iam.send(
      new CreateRoleCommand({
        RoleName: 'next',
        AssumeRolePolicyDocument: trustByAction(rootOf(parentId), {
          'sts:AssumeRole': { StringEquals: { 'aws:PrincipalTag/tenant': 'a' } },
          'sts:TagSession': {
            StringEquals: { 'aws:RequestTag/tenant': 'a' },
            'ForAllValues:StringEquals': { 'aws:TagKeys': 'tenant' },
          },
          'sts:SetSourceIdentity': { StringEquals: { 'sts:SourceIdentity': 'ada' } },
        }),
      }),
    );
    const Tags = [
      { Key: 'tenant', Value: 'a' },
      { Key: 'stage', Value: 'dev' },
    ];
    const next = (keys: Keys, changes: Partial<AssumeRoleCommandInput> = {}) =>
      stsOf(keys).send(
        new AssumeRoleCommand({
          RoleArn: `arn:aws:iam::${parentId}:role/next`,
          RoleSessionName: 'on',
          ...changes,
        }),
      );
    const first = await assume({ Tags, TransitiveTagKeys: ['tenant'], SourceIdentity: 'ada' });
    expect(first.SourceIdentity).toBe('ada');
    const keys = keysOf(first.Credentials);
    expect((await next(keys)).SourceIdentity).toBe('ada');
    expect((await refusalOf(next(keys, { SourceIdentity: 'bob' }))).name).toBe('AccessDenied');
    expect(await refusalOf(next(keys, { Tags: [{ Key: 'TENANT', Value: 'b' }] }))).toMatchObject({
      status: 400,
    });
    const untagged = keysOf((await assume({ SourceIdentity: 'ada' })).Credentials);
    expect((await refusalOf(next(untagged))).name).toBe('AccessDenied');
  });
});

describe('GetSessionToken', () => {
  it('gives a user temporary keys, which may not call IAM, nor get more of their kind', async () => {
    const { parent, iamOf, stsOf, clock } = aWorld();
    const { Credentials } = await parent.sts.send(new GetSessionTokenCommand({}));
    expect(Credentials?.Expiration?.getTime()).toBe(Math.floor(clock.now() / 1000) * 1000 + 43_200_000);
    const keys = keysOf(Credentials);
    const { Arn } = await stsOf(keys).send(new GetCallerIdentityCommand({}));
    expect(Arn).toBe(`arn:aws:iam::${parentId}:user/admin`);
    expect(await refusalOf(iamOf(keys).send(new CreateUserCommand({ UserName: 'x' })))).toMatchObject({
      name: 'InvalidClientTokenId',
      status: 403,
    });
    expect(await refusalOf(stsOf(keys).send(new GetSessionTokenCommand({})))).toEqual({
      name: 'AccessDenied',
      status: 403,
      message: 'Cannot call GetSessionToken with session credentials',
    });
    const long = new GetSessionTokenCommand({ DurationSeconds: 129_601 });
    expect((await refusalOf(parent.sts.send(long))).message).toBe(
      "1 validation error detected: Value '129601' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 129600",
    );
  });
});
