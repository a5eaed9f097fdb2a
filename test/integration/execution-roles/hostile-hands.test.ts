/**
 * The broker's credentials in hostile hands: what can be done with them through AWS's own API, with no code of ours in the
 * way. Nobody can be made who reaches beyond invoking the parent's endpoints, and nothing that keeps them in can be changed.
 */

import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import * as iam from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ListEndpointsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { invoke, sessionOf } from '../../support/access.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';
import type { Keys } from '../../support/signed-fetch.ts';
import { account, attempts, boundary, everything, open } from './attempts.ts';

let sandbox: TestSandbox;
let grant: Grant;
beforeAll(async () => {
  sandbox = await startSandbox();
  grant = await anActiveGrant(sandbox, 'puppet');
  // What else an account has: a role made by hand, and a user.
  const admin = new iam.IAMClient(sandbox.asParent.sdk);
  await admin.send(
    new iam.CreateRoleCommand({ RoleName: 'SageMakerExternal', AssumeRolePolicyDocument: open }),
  );
  await admin.send(new iam.CreateUserCommand({ UserName: 'deploy' }));
  await admin.send(new iam.CreateGroupCommand({ GroupName: 'admins' }));
  const s3 = new S3Client({ ...sandbox.asParent.sdk, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
});
afterAll(() => sandbox?.close());

/** As whoever has got hold of a function's credentials. */
function sdkOf(functionKey: string) {
  const role = `arn:aws:iam::${account}:role/sharemaker-system/sharemaker-dev-${functionKey}`;
  return { ...sandbox.asParent.sdk, credentials: sandbox.iam.serviceSession(role, 'stolen', 3600) };
}

/** Everything that IAM holds of an account. */
async function snapshot(): Promise<unknown> {
  const admin = new iam.IAMClient(sandbox.asParent.sdk);
  const { $metadata: _, ...details } = await admin.send(new iam.GetAccountAuthorizationDetailsCommand({}));
  const withoutUse = (role: iam.RoleDetail) => ({ ...role, RoleLastUsed: undefined });
  return { ...details, RoleDetailList: details.RoleDetailList?.map(withoutUse) };
}

describe.each(['create-grant', 'revoke-grant', 'advance-grants', 'audit-grants'])(
  'with the credentials of %s',
  (key) => {
    it.each(attempts)('nobody can %s', async (_, command) => {
      const client = new iam.IAMClient(sdkOf(key));
      const before = await snapshot();
      const sent = client.send(command(key, `sharemaker-${grant.id}`) as iam.GetRoleCommand);
      await expect(sent).rejects.toMatchObject({ name: 'AccessDenied' });
      expect(await snapshot()).toEqual(before);
    });

    it.each([
      ['a share role, past the prober', () => grant.role.arn],
      ['a role made by hand', () => `arn:aws:iam::${account}:role/SageMakerExternal`],
    ])('nobody can become %s', async (_, arn) => {
      const sent = new STSClient(sdkOf(key)).send(
        new AssumeRoleCommand({ RoleArn: arn(), RoleSessionName: 'stolen', ExternalId: grant.externalId }),
      );
      await expect(sent).rejects.toMatchObject({ name: 'AccessDenied' });
    });

    it('nobody can invoke an endpoint, or read a table but the one of grants', async () => {
      const sdk = sdkOf(key);
      expect(await invoke(sandbox, grant, sdk.credentials as Keys)).toBe('denied');
      const dynamo = new DynamoDBClient(sdk);
      await expect(dynamo.send(new ListTablesCommand({}))).rejects.toMatchObject({
        name: 'AccessDeniedException',
      });
      const scan = new ScanCommand({ TableName: 'sharemaker-dev-grants' });
      await expect(dynamo.send(scan)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    });
  },
);

describe('the worst that can be made: a share role open to an outsider, with a policy that allows everything', () => {
  let keys: Required<Pick<Keys, 'sessionToken'>> & Keys;
  beforeAll(async () => {
    const thief = new iam.IAMClient(sdkOf('advance-grants'));
    const { Role } = await thief.send(
      new iam.CreateRoleCommand({
        RoleName: 'mine',
        Path: '/sharemaker/333333333333/',
        AssumeRolePolicyDocument: open,
        PermissionsBoundary: boundary,
      }),
    );
    await thief.send(
      new iam.PutRolePolicyCommand({ RoleName: 'mine', PolicyName: 'p', PolicyDocument: everything }),
    );
    const session = await sessionOf(
      sandbox,
      { role: { arn: Role!.Arn! }, externalId: 'any' },
      { by: sandbox.asOutsider },
    );
    keys = session as typeof keys;
  });
  const sdk = () => ({ ...sandbox.asOutsider.sdk, credentials: keys });

  it('invokes the endpoints of the parent, which is all that share roles are for', async () => {
    expect(await invoke(sandbox, grant, keys)).toBe('allowed');
    expect(await invoke(sandbox, grant, keys, 'stream')).toBe('allowed');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['IAM', () => new iam.IAMClient(sdk()).send(new iam.CreateUserCommand({ UserName: 'me' }))],
    [
      'its own role',
      () => new iam.IAMClient(sdk()).send(new iam.DeleteRolePermissionsBoundaryCommand({ RoleName: 'mine' })),
    ],
    ['the list of roles', () => new iam.IAMClient(sdk()).send(new iam.ListRolesCommand({}))],
    [
      'other roles',
      () =>
        new STSClient(sdk()).send(
          new AssumeRoleCommand({
            RoleArn: `arn:aws:iam::${account}:role/SageMakerExternal`,
            RoleSessionName: 'stolen',
          }),
        ),
    ],
    ['the list of endpoints', () => new SageMakerClient(sdk()).send(new ListEndpointsCommand({}))],
    ['DynamoDB', () => new DynamoDBClient(sdk()).send(new ListTablesCommand({}))],
    ['the list of buckets', () => s3().send(new ListBucketsCommand({}))],
    ['other buckets', () => s3().send(new GetObjectCommand({ Bucket: 'models', Key: 'x' }))],
    [
      'the bucket of results, but for inputs of grants',
      () => s3().send(new PutObjectCommand({ Bucket: asyncBucket, Key: 'failures/x', Body: 'x' })),
    ],
  ])('does not reach %s', async (_, attempt) => {
    await expect(attempt()).rejects.toMatchObject({ name: expect.stringMatching(/^AccessDenied/) });
  });

  it('is found by the audit', async () => {
    const { json } = await sandbox.asParent.post<{ findings: { code: string; subject: string }[] }>(
      '/audits',
      {
        mode: 'report',
      },
    );
    const found = json.findings.filter(({ subject }) => subject.endsWith('/mine')).map(({ code }) => code);
    expect(found).toContain('role.orphaned');
  });

  const s3 = () => new S3Client({ ...sdk(), forcePathStyle: true });
  const asyncBucket = `sharemaker-dev-async-${account}-us-east-1`;
});
