import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteGroupCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteUserCommand,
  DetachGroupPolicyCommand,
  GetGroupCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  ListAccessKeysCommand,
  ListGroupsCommand,
  ListGroupsForUserCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  ListUsersCommand,
  PutGroupPolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  RemoveUserFromGroupCommand,
  SetDefaultPolicyVersionCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { allow, aWorld, keysOf, parentId, refusalOf } from './a-world.ts';

const UserName = 'ada';
const GroupName = 'scientists';

describe('a user', () => {
  it('acts with keys of its own, by its own policies and those of its groups', async () => {
    const { parent, iamOf, stsOf } = aWorld();
    const { User } = await parent.iam.send(new CreateUserCommand({ UserName, Path: '/lab/' }));
    expect(User).toMatchObject({
      UserName,
      Arn: `arn:aws:iam::${parentId}:user/lab/ada`,
      UserId: expect.stringMatching(/^AIDA/),
    });
    const { AccessKey } = await parent.iam.send(new CreateAccessKeyCommand({ UserName }));
    expect(AccessKey).toMatchObject({
      UserName,
      Status: 'Active',
      AccessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
    });
    const keys = keysOf(AccessKey);
    expect(await stsOf(keys).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: parentId,
      Arn: User?.Arn,
      UserId: User?.UserId,
    });

    const listUsers = () => iamOf(keys).send(new ListUsersCommand({}));
    const listGroups = () => iamOf(keys).send(new ListGroupsCommand({}));
    expect(await refusalOf(listUsers())).toEqual({
      name: 'AccessDenied',
      status: 403,
      message: `User: ${User?.Arn} is not authorized to perform: iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action`,
    });
    await parent.iam.send(
      new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument: allow('iam:ListUsers') }),
    );
    expect((await listUsers()).Users?.map((user) => user.UserName)).toEqual(['ada', 'admin']);

    await parent.iam.send(new CreateGroupCommand({ GroupName }));
    await parent.iam.send(
      new PutGroupPolicyCommand({ GroupName, PolicyName: 'g', PolicyDocument: allow('iam:ListGroups') }),
    );
    expect((await refusalOf(listGroups())).name).toBe('AccessDenied');
    await parent.iam.send(new AddUserToGroupCommand({ GroupName, UserName }));
    expect((await listGroups()).Groups?.map((group) => group.GroupName)).toEqual([GroupName]);
    expect(
      (await parent.iam.send(new GetGroupCommand({ GroupName }))).Users?.map((user) => user.UserName),
    ).toEqual(['ada']);
    expect((await parent.iam.send(new ListGroupsForUserCommand({ UserName }))).Groups?.[0]?.GroupName).toBe(
      GroupName,
    );
    await parent.iam.send(new RemoveUserFromGroupCommand({ GroupName, UserName }));
    expect((await refusalOf(listGroups())).name).toBe('AccessDenied');
  });

  it('is held by its boundary, whatever its policies allow', async () => {
    const { parent, iamOf } = aWorld();
    await parent.iam.send(new CreateUserCommand({ UserName }));
    const keys = keysOf((await parent.iam.send(new CreateAccessKeyCommand({ UserName }))).AccessKey);
    const { Policy } = await parent.iam.send(
      new CreatePolicyCommand({ PolicyName: 'edge', PolicyDocument: allow('s3:*') }),
    );
    await parent.iam.send(
      new AttachUserPolicyCommand({ UserName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
    );
    await iamOf(keys).send(new ListUsersCommand({}));
    await parent.iam.send(
      new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: Policy?.Arn }),
    );
    expect((await refusalOf(iamOf(keys).send(new ListUsersCommand({})))).message).toContain(
      'because no permissions boundary allows the iam:ListUsers action',
    );
  });

  it('has two access keys at most; an inactive or deleted one is no key', async () => {
    const { parent, stsOf } = aWorld();
    await parent.iam.send(new CreateUserCommand({ UserName }));
    const create = () => parent.iam.send(new CreateAccessKeyCommand({ UserName }));
    const first = keysOf((await create()).AccessKey);
    const second = keysOf((await create()).AccessKey);
    expect(await refusalOf(create())).toMatchObject({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for AccessKeysPerUser: 2',
    });
    const identify = (keys: typeof first) => stsOf(keys).send(new GetCallerIdentityCommand({}));
    await parent.iam.send(
      new UpdateAccessKeyCommand({ UserName, AccessKeyId: first.accessKeyId, Status: 'Inactive' }),
    );
    expect(await refusalOf(identify(first))).toEqual({
      name: 'InvalidClientTokenId',
      status: 403,
      message: 'The security token included in the request is invalid.',
    });
    await identify(second);
    await parent.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: second.accessKeyId }));
    expect((await refusalOf(identify(second))).name).toBe('InvalidClientTokenId');
    const { AccessKeyMetadata } = await parent.iam.send(new ListAccessKeysCommand({ UserName }));
    expect(AccessKeyMetadata).toMatchObject([{ AccessKeyId: first.accessKeyId, Status: 'Inactive' }]);
    expect(JSON.stringify(AccessKeyMetadata)).not.toContain(first.secretAccessKey);
    expect(
      await refusalOf(
        parent.iam.send(new DeleteAccessKeyCommand({ UserName: 'admin', AccessKeyId: first.accessKeyId })),
      ),
    ).toMatchObject({
      name: 'NoSuchEntityException',
      message: `The Access Key with id ${first.accessKeyId} cannot be found.`,
    });
  });

  it('is deleted last: after its keys, groups and policies', async () => {
    const { parent } = aWorld();
    await parent.iam.send(new CreateUserCommand({ UserName }));
    await parent.iam.send(new CreateGroupCommand({ GroupName }));
    await parent.iam.send(new AddUserToGroupCommand({ GroupName, UserName }));
    const { AccessKey } = await parent.iam.send(new CreateAccessKeyCommand({ UserName }));
    const remove = () => parent.iam.send(new DeleteUserCommand({ UserName }));
    expect((await refusalOf(remove())).message).toBe('Cannot delete entity, must delete access keys first.');
    await parent.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: AccessKey?.AccessKeyId }));
    expect((await refusalOf(remove())).message).toBe(
      'Cannot delete entity, must remove users from group first.',
    );
    expect((await refusalOf(parent.iam.send(new DeleteGroupCommand({ GroupName })))).message).toBe(
      'Cannot delete entity, must remove users from group first.',
    );
    await parent.iam.send(new RemoveUserFromGroupCommand({ GroupName, UserName }));
    await remove();
    expect(await refusalOf(remove())).toEqual({
      name: 'NoSuchEntityException',
      status: 404,
      message: 'The user with name ada cannot be found.',
    });
    expect(await refusalOf(parent.iam.send(new GetUserCommand({ UserName })))).toMatchObject({
      name: 'NoSuchEntityException',
    });
  });

  it('asked about without a name is the caller', async () => {
    const { parent } = aWorld();
    expect((await parent.iam.send(new GetUserCommand({}))).User?.UserName).toBe('admin');
  });

  it('has its inline policies read back, and refuses what is not a policy', async () => {
    const { parent } = aWorld();
    await parent.iam.send(new CreateUserCommand({ UserName }));
    await parent.iam.send(
      new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument: allow('s3:*') }),
    );
    const { PolicyDocument } = await parent.iam.send(new GetUserPolicyCommand({ UserName, PolicyName: 'p' }));
    expect(decodeURIComponent(PolicyDocument ?? '')).toBe(allow('s3:*'));
    const wrong = new PutUserPolicyCommand({
      UserName,
      PolicyName: 'q',
      PolicyDocument: '{"Version":"2012-10-17"}',
    });
    expect(await refusalOf(parent.iam.send(wrong))).toMatchObject({
      name: 'MalformedPolicyDocumentException',
      status: 400,
    });
    expect(await refusalOf(parent.iam.send(new CreateUserCommand({ UserName: 'ADA' })))).toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: 'User with name ADA already exists.',
    });
  });
});

describe('a group', () => {
  it('lends its attached policies to its members, until they are detached', async () => {
    const { parent, iamOf } = aWorld();
    await parent.iam.send(new CreateUserCommand({ UserName }));
    await parent.iam.send(new CreateGroupCommand({ GroupName }));
    await parent.iam.send(new AddUserToGroupCommand({ GroupName, UserName }));
    const keys = keysOf((await parent.iam.send(new CreateAccessKeyCommand({ UserName }))).AccessKey);
    const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
    await parent.iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn }));
    await iamOf(keys).send(new ListUsersCommand({}));
    await parent.iam.send(new DetachGroupPolicyCommand({ GroupName, PolicyArn }));
    expect((await refusalOf(iamOf(keys).send(new ListUsersCommand({})))).name).toBe('AccessDenied');
    await parent.iam.send(new RemoveUserFromGroupCommand({ GroupName, UserName }));
    await parent.iam.send(new DeleteGroupCommand({ GroupName }));
    expect(await refusalOf(parent.iam.send(new GetGroupCommand({ GroupName })))).toMatchObject({
      message: 'The group with name scientists cannot be found.',
    });
  });
});

describe('a managed policy', () => {
  it('has up to five versions, numbered once, of which one is in force', async () => {
    const { parent } = aWorld();
    const { Policy } = await parent.iam.send(
      new CreatePolicyCommand({ PolicyName: 'p', Path: '/x/', PolicyDocument: allow('s3:*') }),
    );
    const PolicyArn = Policy?.Arn ?? '';
    expect(Policy).toMatchObject({
      Arn: `arn:aws:iam::${parentId}:policy/x/p`,
      DefaultVersionId: 'v1',
      AttachmentCount: 0,
    });
    const add = (SetAsDefault: boolean) =>
      parent.iam.send(
        new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allow('iam:*'), SetAsDefault }),
      );
    expect((await add(true)).PolicyVersion).toMatchObject({ VersionId: 'v2', IsDefaultVersion: true });
    for (const id of ['v3', 'v4', 'v5']) expect((await add(false)).PolicyVersion?.VersionId).toBe(id);
    expect(await refusalOf(add(false))).toMatchObject({ name: 'LimitExceededException', status: 409 });
    expect(
      await refusalOf(parent.iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' }))),
    ).toEqual({
      name: 'DeleteConflictException',
      status: 409,
      message: 'Cannot delete the default version of a policy.',
    });
    await parent.iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }));
    await parent.iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v5' }));
    expect((await add(false)).PolicyVersion?.VersionId).toBe('v6');
    const { Versions } = await parent.iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
    expect(Versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion])).toEqual([
      ['v1', true],
      ['v2', false],
      ['v3', false],
      ['v4', false],
      ['v6', false],
    ]);
    const { PolicyVersion } = await parent.iam.send(
      new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }),
    );
    expect(decodeURIComponent(PolicyVersion?.Document ?? '')).toBe(allow('iam:*'));
  });

  it('is deleted only unattached and with one version', async () => {
    const { parent } = aWorld();
    const { Policy } = await parent.iam.send(
      new CreatePolicyCommand({ PolicyName: 'p', PolicyDocument: allow('s3:*') }),
    );
    const PolicyArn = Policy?.Arn;
    await parent.iam.send(new AttachUserPolicyCommand({ UserName: 'admin', PolicyArn }));
    expect((await parent.iam.send(new GetPolicyCommand({ PolicyArn }))).Policy?.AttachmentCount).toBe(1);
    expect(await refusalOf(parent.iam.send(new DeletePolicyCommand({ PolicyArn })))).toEqual({
      name: 'DeleteConflictException',
      status: 409,
      message: 'Cannot delete a policy attached to entities.',
    });
    const { Policies } = await parent.iam.send(new ListPoliciesCommand({ OnlyAttached: true }));
    expect(Policies?.map(({ PolicyName }) => PolicyName)).toEqual(['p', 'AdministratorAccess']);
  });

  it("is listed by scope, and AWS's own are nobody's to change", async () => {
    const { parent } = aWorld();
    await parent.iam.send(new CreatePolicyCommand({ PolicyName: 'p', PolicyDocument: allow('s3:*') }));
    const names = async (Scope: 'AWS' | 'Local' | 'All') =>
      (await parent.iam.send(new ListPoliciesCommand({ Scope }))).Policies?.map(
        ({ PolicyName }) => PolicyName,
      );
    expect(await names('Local')).toEqual(['p']);
    expect(await names('AWS')).toContain('AmazonSageMakerFullAccess');
    expect(await names('All')).toEqual([...((await names('Local')) ?? []), ...((await names('AWS')) ?? [])]);
    const own = new DeletePolicyCommand({ PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
    expect(await refusalOf(parent.iam.send(own))).toMatchObject({ name: 'AccessDenied', status: 403 });
  });

  it('is refused when it is too long, taken, missing or of another account', async () => {
    const { parent, child } = aWorld();
    const create = (PolicyName: string, PolicyDocument: string) =>
      parent.iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
    expect(await refusalOf(create('long', allow('s3:*', `arn:aws:s3:::${'x'.repeat(6144)}`)))).toMatchObject({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for PolicySize: 6144',
    });
    const { Policy } = await create('p', allow('s3:*'));
    expect(await refusalOf(create('P', allow('s3:*')))).toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: 'A policy called P already exists. Duplicate names are not allowed.',
    });
    const PolicyArn = Policy?.Arn ?? '';
    expect(await refusalOf(child.iam.send(new GetPolicyCommand({ PolicyArn })))).toMatchObject({
      name: 'NoSuchEntityException',
      message: `Policy ${PolicyArn} was not found.`,
    });
    const missing = new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v9' });
    expect((await refusalOf(parent.iam.send(missing))).name).toBe('NoSuchEntityException');
  });
});
