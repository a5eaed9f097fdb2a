import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetAccountAuthorizationDetailsCommand,
  GetRoleCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimeline } from '../../../sandbox/iam/timeline.ts';
import { allow, aWorld, childId, keysOf, parentId, refusalOf, rootOf, trustOf } from './a-world.ts';

const RoleName = 'a';
const RoleArn = `arn:aws:iam::${parentId}:role/a`;

describe('with a lag', () => {
  it('a new role is read at once, and can be assumed only later', async () => {
    const { parent, child, iam, advance } = aWorld();
    iam.setLag(60);
    await parent.iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustOf(rootOf(childId)) }),
    );
    expect((await parent.iam.send(new GetRoleCommand({ RoleName }))).Role?.Arn).toBe(RoleArn);
    const assume = () => child.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'here' }));
    expect((await refusalOf(assume())).name).toBe('AccessDenied');
    advance(59);
    expect((await refusalOf(assume())).name).toBe('AccessDenied');
    advance(2);
    await assume();
  });

  it('a session keeps what was taken away, until the change is visible', async () => {
    const { parent, child, iam, iamOf, advance } = aWorld();
    await parent.iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustOf(rootOf(childId)) }),
    );
    await parent.iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: allow('iam:ListUsers') }),
    );
    const { Credentials } = await child.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'here' }));
    const list = () => iamOf(keysOf(Credentials)).send(new ListUsersCommand({}));
    await list();
    iam.setLag(30);
    await parent.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }));
    await parent.iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trustOf(rootOf(parentId)) }),
    );
    await list();
    await child.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'here' }));
    advance(31);
    expect((await refusalOf(list())).name).toBe('AccessDenied');
    expect(
      (await refusalOf(child.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'here' })))).name,
    ).toBe('AccessDenied');
  });

  it('a new access key is no key yet, and what was seeded is there at once', async () => {
    const { parent, iam, stsOf, advance } = aWorld();
    iam.setLag(10);
    await parent.iam.send(new CreateUserCommand({ UserName: 'u' }));
    const keys = keysOf((await parent.iam.send(new CreateAccessKeyCommand({ UserName: 'u' }))).AccessKey);
    const identify = () => stsOf(keys).send(new GetCallerIdentityCommand({}));
    expect((await refusalOf(identify())).name).toBe('InvalidClientTokenId');
    advance(11);
    await identify();
    const { arn } = iam.seedRole(parentId, {
      name: 'seeded',
      trust: {
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Principal: { Service: 'lambda.amazonaws.com' },
          Action: 'sts:AssumeRole',
        },
      },
    });
    expect(iam.serviceSession(arn, 'fn', 900).accessKeyId).toMatch(/^ASIA/);
  });

  it('a principal that is not visible yet does not exist for a trust policy', async () => {
    const { parent, iam, advance } = aWorld();
    iam.setLag(10);
    await parent.iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustOf(rootOf(childId)) }),
    );
    const trusting = () =>
      parent.iam.send(new CreateRoleCommand({ RoleName: 'b', AssumeRolePolicyDocument: trustOf(RoleArn) }));
    expect(await refusalOf(trusting())).toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: `Invalid principal in policy: "AWS":"${RoleArn}"`,
    });
    advance(11);
    await trusting();
  });

  it('setting it to nothing shows everything at once; raising it hides nothing that was seen', async () => {
    const { parent, child, iam, advance } = aWorld();
    const assume = () => child.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'here' }));
    iam.setLag(60);
    await parent.iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustOf(rootOf(childId)) }),
    );
    iam.setLag(0);
    await assume();
    iam.setLag(600);
    await assume();
    await parent.iam.send(new DeleteRoleCommand({ RoleName }));
    await assume();
    advance(601);
    expect((await refusalOf(assume())).name).toBe('AccessDenied');
  });

  it('is bounded', () => {
    const { iam } = aWorld();
    for (const seconds of [-1, 3601, Number.NaN]) expect(() => iam.setLag(seconds)).toThrow(RangeError);
  });
});

describe('with reads late', () => {
  it('a new role can be assumed and is known to writes, and is read and listed only later', async () => {
    const { parent, child, iam, advance } = aWorld();
    iam.setReadLag(20);
    const creating = new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: trustOf(rootOf(childId)),
    });
    await parent.iam.send(creating);
    await child.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'here' }));
    const read = () => parent.iam.send(new GetRoleCommand({ RoleName }));
    const listed = async () => (await parent.iam.send(new ListRolesCommand({}))).Roles?.length;
    const inDetail = async () =>
      (await parent.iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ['Role'] }))).RoleDetailList
        ?.length;
    expect(await refusalOf(read())).toMatchObject({ name: 'NoSuchEntityException', status: 404 });
    expect([await listed(), await inDetail()]).toEqual([0, 0]);
    expect((await refusalOf(parent.iam.send(creating))).name).toBe('EntityAlreadyExistsException');
    advance(21);
    expect((await read()).Role?.Arn).toBe(RoleArn);
    expect([await listed(), await inDetail()]).toEqual([1, 1]);
  });

  it('a role is read and listed as it was, with the policies it had, and once it is gone for a while', async () => {
    const { parent, iam, advance } = aWorld();
    await parent.iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustOf(rootOf(childId)) }),
    );
    iam.setReadLag(20);
    await parent.iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: allow('iam:ListUsers') }),
    );
    const policies = async () =>
      (await parent.iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames ?? [];
    expect(await policies()).toEqual([]);
    advance(21);
    expect(await policies()).toEqual(['p']);
    await parent.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }));
    await parent.iam.send(new DeleteRoleCommand({ RoleName }));
    expect(await policies()).toEqual(['p']);
    advance(21);
    expect((await refusalOf(policies())).name).toBe('NoSuchEntityException');
  });

  it('reads and authorization are late each by its own lag', async () => {
    const { parent, child, iam, advance } = aWorld();
    iam.setLag(10);
    iam.setReadLag(20);
    await parent.iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustOf(rootOf(childId)) }),
    );
    const isAllowed = async () => {
      const assuming = child.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'here' }));
      return assuming.then(
        () => true,
        () => false,
      );
    };
    const isRead = () =>
      parent.iam.send(new GetRoleCommand({ RoleName })).then(
        () => true,
        () => false,
      );
    const seen = async () => [await isAllowed(), await isRead()];
    expect(await seen()).toEqual([false, false]);
    advance(11);
    expect(await seen()).toEqual([true, false]);
    advance(10);
    expect(await seen()).toEqual([true, true]);
  });

  it('is bounded', () => {
    const { iam } = aWorld();
    for (const seconds of [-1, 3601, Number.NaN]) expect(() => iam.setReadLag(seconds)).toThrow(RangeError);
  });
});

describe('a role that was deleted and made again', () => {
  it('gives no life back to sessions of the old one, nor to trust in it', async () => {
    const { parent, child, iamOf, stsOf } = aWorld();
    const create = (name: string, trust: string) =>
      parent.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust }));
    const permit = (name: string, action: string) =>
      parent.iam.send(
        new PutRolePolicyCommand({ RoleName: name, PolicyName: 'p', PolicyDocument: allow(action) }),
      );
    const { Role: first } = await create(RoleName, trustOf(rootOf(childId)));
    await permit(RoleName, '*');
    await create('b', trustOf(RoleArn));
    const trustOfB = async () => {
      const { Role } = await parent.iam.send(new GetRoleCommand({ RoleName: 'b' }));
      return decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
    };
    expect(await trustOfB()).toBe(trustOf(RoleArn));
    const take = async () =>
      keysOf((await child.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'here' }))).Credentials);
    const old = await take();
    const chain = (keys: typeof old) =>
      stsOf(keys).send(
        new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${parentId}:role/b`, RoleSessionName: 'on' }),
      );
    await iamOf(old).send(new ListUsersCommand({}));
    await chain(old);

    await parent.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }));
    await parent.iam.send(new DeleteRoleCommand({ RoleName }));
    expect((await refusalOf(iamOf(old).send(new ListUsersCommand({})))).name).toBe('AccessDenied');
    expect(await trustOfB()).toBe(trustOf(first?.RoleId ?? ''));
    const { Role: second } = await create(RoleName, trustOf(rootOf(childId)));
    await permit(RoleName, '*');
    expect(second?.RoleId).not.toBe(first?.RoleId);
    expect((await refusalOf(iamOf(old).send(new ListUsersCommand({})))).name).toBe('AccessDenied');
    const fresh = await take();
    await iamOf(fresh).send(new ListUsersCommand({}));
    expect((await refusalOf(chain(fresh))).name).toBe('AccessDenied');
    // Saved again, the trust is in the new role.
    await parent.iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: 'b', PolicyDocument: trustOf(RoleArn) }),
    );
    await chain(fresh);
  });
});

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

describe(`the timeline (SEED=${seed})`, () => {
  it('shows changes in their order, each once and for good, whatever lag is set when', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), key: fc.constantFrom('a', 'b') }),
      fc.record({ kind: fc.constant('delete' as const), key: fc.constantFrom('a', 'b') }),
      fc.record({ kind: fc.constant('advance' as const), seconds: fc.nat(40) }),
      fc.record({ kind: fc.constant('lag' as const), seconds: fc.nat(60) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let now = 0;
        let lag = 0;
        let count = 0;
        const timeline = createTimeline({ now: () => now });
        const table = timeline.createTable<number>();
        /** Per key, every state it was in: its number, and the values it had. */
        const history: Record<string, { at: number; value: number | undefined }[]> = {
          a: [{ at: 0, value: undefined }],
          b: [{ at: 0, value: undefined }],
        };
        const seen: Record<string, number> = { a: 0, b: 0 };
        for (const each of steps) {
          if (each.kind === 'advance') now += each.seconds * 1000;
          else if (each.kind === 'lag') {
            timeline.setLag(each.seconds);
            lag = each.seconds * 1000;
          } else {
            const value = each.kind === 'write' ? ++count : undefined;
            if (value === undefined) table.delete(each.key);
            else table.set(each.key, value);
            history[each.key]?.push({ at: now, value });
          }
          for (const key of ['a', 'b']) {
            const states = history[key] ?? [];
            expect(table.get(key)).toBe(states.at(-1)?.value);
            const visible = table.visible(key);
            // Some state from the last one seen onwards …
            const index = states.findIndex(({ value }, n) => n >= (seen[key] ?? 0) && value === visible);
            expect(index).toBeGreaterThanOrEqual(seen[key] ?? 0);
            // … and no older than the lag allows (a millisecond keeps changes apart).
            const due = states.findLastIndex(({ at }) => at + 1 <= now - lag || lag === 0);
            const newest = states.findLastIndex(({ value }) => value === visible);
            expect(newest).toBeGreaterThanOrEqual(due);
            seen[key] = index;
          }
        }
      }),
      { seed, numRuns: 300 },
    );
  });
});
