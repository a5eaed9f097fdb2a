/** The same seven operations over the policies of roles, users and groups. */

import * as sdk from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { allow, aWorld, parentId, refusalOf, rootOf, trustOf } from './a-world.ts';

type Iam = ReturnType<typeof aWorld>['parent']['iam'];

interface Kind {
  readonly kind: string;
  create(iam: Iam): Promise<unknown>;
  put(iam: Iam, PolicyName: string, PolicyDocument: string): Promise<unknown>;
  get(iam: Iam, PolicyName: string): Promise<{ PolicyDocument?: string | undefined }>;
  list(iam: Iam, paging?: Paging): Promise<Page & { PolicyNames?: string[] | undefined }>;
  remove(iam: Iam, PolicyName: string): Promise<unknown>;
  attach(iam: Iam, PolicyArn: string): Promise<unknown>;
  detach(iam: Iam, PolicyArn: string): Promise<unknown>;
  attached(iam: Iam): Promise<{ AttachedPolicies?: sdk.AttachedPolicy[] | undefined }>;
}

interface Paging {
  readonly Marker?: string;
  readonly MaxItems?: number;
}

interface Page {
  readonly IsTruncated?: boolean | undefined;
  readonly Marker?: string | undefined;
}

const role = { RoleName: 'r' };
const user = { UserName: 'u' };
const group = { GroupName: 'g' };

const kinds: readonly Kind[] = [
  {
    kind: 'role',
    create: (iam) =>
      iam.send(new sdk.CreateRoleCommand({ ...role, AssumeRolePolicyDocument: trustOf(rootOf(parentId)) })),
    put: (iam, PolicyName, PolicyDocument) =>
      iam.send(new sdk.PutRolePolicyCommand({ ...role, PolicyName, PolicyDocument })),
    get: (iam, PolicyName) => iam.send(new sdk.GetRolePolicyCommand({ ...role, PolicyName })),
    list: (iam, paging) => iam.send(new sdk.ListRolePoliciesCommand({ ...role, ...paging })),
    remove: (iam, PolicyName) => iam.send(new sdk.DeleteRolePolicyCommand({ ...role, PolicyName })),
    attach: (iam, PolicyArn) => iam.send(new sdk.AttachRolePolicyCommand({ ...role, PolicyArn })),
    detach: (iam, PolicyArn) => iam.send(new sdk.DetachRolePolicyCommand({ ...role, PolicyArn })),
    attached: (iam) => iam.send(new sdk.ListAttachedRolePoliciesCommand(role)),
  },
  {
    kind: 'user',
    create: (iam) => iam.send(new sdk.CreateUserCommand(user)),
    put: (iam, PolicyName, PolicyDocument) =>
      iam.send(new sdk.PutUserPolicyCommand({ ...user, PolicyName, PolicyDocument })),
    get: (iam, PolicyName) => iam.send(new sdk.GetUserPolicyCommand({ ...user, PolicyName })),
    list: (iam, paging) => iam.send(new sdk.ListUserPoliciesCommand({ ...user, ...paging })),
    remove: (iam, PolicyName) => iam.send(new sdk.DeleteUserPolicyCommand({ ...user, PolicyName })),
    attach: (iam, PolicyArn) => iam.send(new sdk.AttachUserPolicyCommand({ ...user, PolicyArn })),
    detach: (iam, PolicyArn) => iam.send(new sdk.DetachUserPolicyCommand({ ...user, PolicyArn })),
    attached: (iam) => iam.send(new sdk.ListAttachedUserPoliciesCommand(user)),
  },
  {
    kind: 'group',
    create: (iam) => iam.send(new sdk.CreateGroupCommand(group)),
    put: (iam, PolicyName, PolicyDocument) =>
      iam.send(new sdk.PutGroupPolicyCommand({ ...group, PolicyName, PolicyDocument })),
    get: (iam, PolicyName) => iam.send(new sdk.GetGroupPolicyCommand({ ...group, PolicyName })),
    list: (iam, paging) => iam.send(new sdk.ListGroupPoliciesCommand({ ...group, ...paging })),
    remove: (iam, PolicyName) => iam.send(new sdk.DeleteGroupPolicyCommand({ ...group, PolicyName })),
    attach: (iam, PolicyArn) => iam.send(new sdk.AttachGroupPolicyCommand({ ...group, PolicyArn })),
    detach: (iam, PolicyArn) => iam.send(new sdk.DetachGroupPolicyCommand({ ...group, PolicyArn })),
    attached: (iam) => iam.send(new sdk.ListAttachedGroupPoliciesCommand(group)),
  },
];

describe.each(kinds)('a $kind', ({ kind, create, put, get, list, remove, attach, detach, attached }) => {
  it('has inline policies put, read back URL-encoded, listed a page at a time, and deleted', async () => {
    const { iam } = aWorld().parent;
    await create(iam);
    for (const name of ['c', 'a', 'b']) await put(iam, name, allow(`s3:Get${name}`));
    await put(iam, 'a', allow('s3:PutObject'));
    const { PolicyDocument = '' } = await get(iam, 'a');
    expect(PolicyDocument).toMatch(/^%7B/);
    expect(decodeURIComponent(PolicyDocument)).toBe(allow('s3:PutObject'));

    const first = await list(iam, { MaxItems: 2 });
    expect(first).toMatchObject({ PolicyNames: ['a', 'b'], IsTruncated: true });
    const rest = await list(iam, { Marker: first.Marker ?? '' });
    expect(rest).toMatchObject({ PolicyNames: ['c'], IsTruncated: false });

    await remove(iam, 'b');
    expect((await list(iam)).PolicyNames).toEqual(['a', 'c']);
    const gone = {
      name: 'NoSuchEntityException',
      status: 404,
      message: `The ${kind} policy with name b cannot be found.`,
    };
    expect(await refusalOf(remove(iam, 'b'))).toEqual(gone);
    expect(await refusalOf(get(iam, 'b'))).toEqual(gone);
  });

  it('has managed policies attached once each, listed, and detached', async () => {
    const { iam } = aWorld().parent;
    await create(iam);
    const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
    await attach(iam, PolicyArn);
    await attach(iam, PolicyArn);
    expect((await attached(iam)).AttachedPolicies).toEqual([{ PolicyName: 'ReadOnlyAccess', PolicyArn }]);
    await detach(iam, PolicyArn);
    expect((await attached(iam)).AttachedPolicies).toEqual([]);
    expect(await refusalOf(detach(iam, PolicyArn))).toEqual({
      name: 'NoSuchEntityException',
      status: 404,
      message: `Policy ${PolicyArn} was not found.`,
    });
    const missing = `arn:aws:iam::${parentId}:policy/missing`;
    expect(await refusalOf(attach(iam, missing))).toMatchObject({
      name: 'NoSuchEntityException',
      status: 404,
    });
  });

  it('that is not there has no policies', async () => {
    const { iam } = aWorld().parent;
    for (const call of [
      () => put(iam, 'p', allow('s3:*')),
      () => list(iam),
      () => attached(iam),
      () => attach(iam, 'arn:aws:iam::aws:policy/ReadOnlyAccess'),
    ])
      expect(await refusalOf(call())).toMatchObject({
        name: 'NoSuchEntityException',
        status: 404,
        message: expect.stringContaining('cannot be found.'),
      });
  });
});
