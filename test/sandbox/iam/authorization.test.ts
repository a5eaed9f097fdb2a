import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  GetRoleCommand,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument, Statement } from '../../../sandbox/policy/document.ts';
import {
  allow,
  aWorld,
  childId,
  keysOf,
  parentId,
  refusalOf,
  rootOf,
  startedAt,
  trustOf,
} from './a-world.ts';

const underPath = `arn:aws:iam::${parentId}:role/sharemaker/*`;
const trust = trustOf(rootOf(childId));

/** A session of a role of the parent with exactly these statements, and what it may call. */
async function aBroker(...statements: Statement[]) {
  const world = aWorld();
  const { iam, parent } = world;
  const { Policy } = await parent.iam.send(
    new CreatePolicyCommand({ PolicyName: 'edge', PolicyDocument: allow('sagemaker:*') }),
  );
  const { arn } = iam.seedRole(parentId, {
    name: 'broker',
    path: '/system/',
    trust: lambdaTrust,
    inline: { broker: { Version: '2012-10-17', Statement: statements } },
    tags: { team: 'platform' },
  });
  const keys = iam.serviceSession(arn, 'create-grant', 3600);
  const broker = world.iamOf(keys);
  const create = (RoleName: string, changes = {}) =>
    broker.send(
      new CreateRoleCommand({
        RoleName,
        Path: '/sharemaker/222222222222/',
        AssumeRolePolicyDocument: trust,
        PermissionsBoundary: Policy?.Arn,
        ...changes,
      }),
    );
  return { ...world, broker, create, edgeArn: Policy?.Arn ?? '', brokerKeys: keys };
}

const lambdaTrust: PolicyDocument = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
};
const edge = `arn:aws:iam::${parentId}:policy/edge`;

describe('a caller confined to a path and a boundary', () => {
  const confined: Statement = {
    Effect: 'Allow',
    Action: ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRole', 'iam:PutRolePermissionsBoundary'],
    Resource: underPath,
    Condition: { StringEquals: { 'iam:PermissionsBoundary': edge } },
  };

  it('creates roles there, with the boundary, and nowhere else and not without', async () => {
    const { create } = await aBroker(confined);
    expect((await create('a')).Role?.Arn).toBe(`arn:aws:iam::${parentId}:role/sharemaker/222222222222/a`);
    const session = `arn:aws:sts::${parentId}:assumed-role/broker/create-grant`;
    expect(await refusalOf(create('b', { Path: '/' }))).toEqual({
      name: 'AccessDenied',
      status: 403,
      message: `User: ${session} is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::${parentId}:role/b because no identity-based policy allows the iam:CreateRole action`,
    });
    expect((await refusalOf(create('c', { PermissionsBoundary: undefined }))).name).toBe('AccessDenied');
    const other = { PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess' };
    expect((await refusalOf(create('d', other))).name).toBe('AccessDenied');
  });

  it('changes only roles that have the boundary, and cannot put another in its place', async () => {
    const { create, broker, parent } = await aBroker(confined);
    await create('bounded');
    await parent.iam.send(
      new CreateRoleCommand({ RoleName: 'free', Path: '/sharemaker/', AssumeRolePolicyDocument: trust }),
    );
    const put = (RoleName: string) =>
      broker.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: allow('*') }));
    await put('bounded');
    expect((await refusalOf(put('free'))).name).toBe('AccessDenied');
    const replace = new PutRolePermissionsBoundaryCommand({
      RoleName: 'bounded',
      PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess',
    });
    expect((await refusalOf(broker.send(replace))).name).toBe('AccessDenied');
    await broker.send(
      new PutRolePermissionsBoundaryCommand({ RoleName: 'bounded', PermissionsBoundary: edge }),
    );
  });

  it('is refused a role that is not there, for IAM knows no path of it; who may all learns that it is gone', async () => {
    const { broker, parent } = await aBroker(confined);
    const remove = new DeleteRoleCommand({ RoleName: 'ghost' });
    expect(await refusalOf(broker.send(remove))).toEqual({
      name: 'AccessDenied',
      status: 403,
      message: `User: arn:aws:sts::${parentId}:assumed-role/broker/create-grant is not authorized to perform: iam:DeleteRole on resource: role ghost because no identity-based policy allows the iam:DeleteRole action`,
    });
    expect((await refusalOf(parent.iam.send(remove))).name).toBe('NoSuchEntityException');
  });
});

it('who makes a role with tags must be allowed to tag it, and need not be for one without', async () => {
  const { create } = await aBroker({ Effect: 'Allow', Action: 'iam:CreateRole', Resource: '*' });
  await create('plain', {});
  const refusal = await refusalOf(create('tagged', { Tags: [{ Key: 'grant', Value: 'grt_1' }] }));
  expect(refusal).toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining('not authorized to perform: iam:TagRole'),
  });
});

describe('the keys of a request', () => {
  it('aws:RequestTag and aws:TagKeys are the tags to be', async () => {
    const { create } = await aBroker({
      Effect: 'Allow',
      Action: ['iam:CreateRole', 'iam:TagRole'],
      Resource: '*',
      Condition: {
        StringEquals: { 'aws:RequestTag/grant': 'grt_1' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['grant'] },
      },
    });
    await create('a', { Tags: [{ Key: 'grant', Value: 'grt_1' }] });
    expect((await refusalOf(create('b', { Tags: [{ Key: 'grant', Value: 'grt_2' }] }))).name).toBe(
      'AccessDenied',
    );
    const more = {
      Tags: [
        { Key: 'grant', Value: 'grt_1' },
        { Key: 'x', Value: '' },
      ],
    };
    expect((await refusalOf(create('c', more))).name).toBe('AccessDenied');
  });

  it('aws:ResourceTag is of the role that is changed, aws:PrincipalTag of the role that changes it', async () => {
    const { broker, parent } = await aBroker({
      Effect: 'Allow',
      Action: 'iam:TagRole',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/owner': `\${aws:PrincipalTag/team}` } },
    });
    for (const [RoleName, Value] of [
      ['ours', 'platform'],
      ['theirs', 'other'],
    ] as const)
      await parent.iam.send(
        new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust, Tags: [{ Key: 'owner', Value }] }),
      );
    const tag = (RoleName: string) =>
      broker.send(new TagRoleCommand({ RoleName, Tags: [{ Key: 'x', Value: 'y' }] }));
    await tag('ours');
    expect((await refusalOf(tag('theirs'))).name).toBe('AccessDenied');
  });

  it('iam:PolicyARN is the policy to be attached', async () => {
    const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
    const { broker, create } = await aBroker(
      { Effect: 'Allow', Action: 'iam:CreateRole', Resource: '*' },
      {
        Effect: 'Allow',
        Action: 'iam:AttachRolePolicy',
        Resource: '*',
        Condition: { ArnEquals: { 'iam:PolicyARN': readOnly } },
      },
    );
    await create('a');
    const attach = (PolicyArn: string) =>
      broker.send(new AttachRolePolicyCommand({ RoleName: 'a', PolicyArn }));
    await attach(readOnly);
    expect((await refusalOf(attach('arn:aws:iam::aws:policy/AdministratorAccess'))).name).toBe(
      'AccessDenied',
    );
  });

  it('aws:SourceIp and aws:SourceVpce are what a test says they are, aws:CurrentTime what the clock says', async () => {
    const { brokerKeys, iamOf, clock, advance } = await aBroker(
      {
        Effect: 'Allow',
        Action: 'iam:ListRoles',
        Resource: '*',
        Condition: {
          IpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
          DateLessThan: { 'aws:CurrentTime': new Date(startedAt + 600_000).toISOString() },
        },
      },
      {
        Effect: 'Allow',
        Action: 'iam:GetRole',
        Resource: '*',
        Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } },
      },
    );
    const from = (headers: Record<string, string>) => {
      const client = iamOf(brokerKeys);
      client.middlewareStack.add(
        (next) => (args) => {
          Object.assign((args.request as { headers: Record<string, string> }).headers, headers);
          return next(args);
        },
        { step: 'build' },
      );
      return client;
    };
    const list = (ip: string) => from({ 'x-sandbox-source-ip': ip }).send(new ListRolesCommand({}));
    await list('10.1.2.3');
    expect((await refusalOf(list('192.168.0.1'))).name).toBe('AccessDenied');
    const get = (headers: Record<string, string>) =>
      from(headers).send(new GetRoleCommand({ RoleName: 'broker' }));
    await get({ 'x-sandbox-source-vpce': 'vpce-1' });
    expect((await refusalOf(get({}))).name).toBe('AccessDenied');
    expect(clock.now()).toBeGreaterThan(0);
    advance(601);
    expect((await refusalOf(list('10.1.2.3'))).name).toBe('AccessDenied');
  });
});

describe('authorization', () => {
  it('costs the same whatever the number of roles', async () => {
    const { iam, parent } = aWorld();
    for (let n = 0; n < 1_000; n++) iam.seedRole(parentId, { name: `role-${n}`, trust: lambdaTrust });
    const steps = await stepsThroughMaps(() => parent.iam.send(new GetRoleCommand({ RoleName: 'role-1' })));
    expect(steps).toBeLessThan(500);
    // That it does count.
    expect(await stepsThroughMaps(async () => [...new Map([[1, 2]])])).toBe(2);
  });

  it('needs a boundary that can be seen: without its policy it lets nothing through', async () => {
    const { iam, iamOf } = aWorld();
    const { arn } = iam.seedRole(parentId, {
      name: 'r',
      trust: lambdaTrust,
      managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'],
      boundaryArn: `arn:aws:iam::${parentId}:policy/ghost`,
    });
    const call = iamOf(iam.serviceSession(arn, 's', 900)).send(new ListRolesCommand({}));
    expect((await refusalOf(call)).message).toContain('because no permissions boundary allows');
  });

  it('gives a Lambda a session only of a role that trusts Lambda', () => {
    const { iam } = aWorld();
    const { arn } = iam.seedRole(parentId, { name: 'r', trust: { Version: '2012-10-17', Statement: [] } });
    for (const roleArn of [arn, `arn:aws:iam::${parentId}:role/ghost`, 'nonsense'])
      expect(() => iam.serviceSession(roleArn, 's', 900)).toThrow(/cannot be assumed by Lambda/);
    expect(keysOf(undefined).accessKeyId).toBe('');
  });
});

/** How many entries of any map were looked at one after another meanwhile; roles are kept in a map. */
async function stepsThroughMaps(run: () => Promise<unknown>): Promise<number> {
  const iterator = Object.getPrototypeOf(new Map().entries()) as { next: () => unknown };
  const { next } = iterator;
  const { forEach } = Map.prototype;
  let steps = 0;
  iterator.next = function count() {
    steps += 1;
    return next.call(this);
  };
  Map.prototype.forEach = function count(...given) {
    steps += this.size;
    return forEach.apply(this, given);
  };
  try {
    await run();
    return steps;
  } finally {
    iterator.next = next;
    Map.prototype.forEach = forEach;
  }
}
