import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../../sandbox/policy/document.ts';
import { evaluate } from '../../../sandbox/policy/evaluate.ts';
import { readStack, type Stack } from '../../../sandbox/stack/stack.ts';

const account = '111111111111';
const parent = readStack({ account: 'parent', accountId: account });
const child = readStack({ account: 'child', accountId: '222222222222' });
const role = (path: string) => `arn:aws:iam::${account}:role/${path}`;
const shareRole = role('sharemaker/222222222222/sharemaker-grt_1');
const boundaryArn = `arn:aws:iam::${account}:policy/sharemaker-system/sharemaker-boundary-dev`;
const withBoundary = { 'iam:PermissionsBoundary': boundaryArn };
const withAnother = { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' };

const brokers = ['create', 'update', 'suspend', 'resume', 'rotate', 'revoke']
  .map((verb) => `${verb}-grant`)
  .concat('advance-grants', 'audit-grants');

describe.each(brokers)('%s', (broker) => {
  const may = (action: string, resource: string, context = {}) =>
    decide(parent, broker, action, resource, context);

  it.each([
    ['iam:PutRolePolicy', withBoundary],
    ['iam:UpdateAssumeRolePolicy', withBoundary],
    ['iam:PutRolePermissionsBoundary', withBoundary],
    ['iam:DeleteRolePolicy', {}],
    ['iam:DetachRolePolicy', {}],
    ['iam:DeleteRole', {}],
    ['iam:GetRole', {}],
  ])('may %s a share role', (action, context) => {
    expect(may(action, shareRole, context)).toBe(true);
  });

  it('may assume the prober', () => {
    expect(may('sts:AssumeRole', role('sharemaker-system/sharemaker-prober-dev'))).toBe(true);
  });

  it.each([
    ['make a share role without the boundary', 'iam:CreateRole', shareRole, {}],
    ['make a share role with another boundary', 'iam:CreateRole', shareRole, withAnother],
    ['make a role elsewhere, boundary or not', 'iam:CreateRole', role('admin'), withBoundary],
    ['make a role on a path that looks alike', 'iam:CreateRole', role('sharemaker-system/x'), withBoundary],
    ['write into a role that has lost its boundary', 'iam:PutRolePolicy', shareRole, {}],
    ['open a role that has lost its boundary', 'iam:UpdateAssumeRolePolicy', shareRole, {}],
    ['put another boundary', 'iam:PutRolePermissionsBoundary', shareRole, withAnother],
    ['remove the boundary', 'iam:DeleteRolePermissionsBoundary', shareRole, withBoundary],
    ['attach a managed policy', 'iam:AttachRolePolicy', shareRole, withBoundary],
    ['pass a role', 'iam:PassRole', shareRole, {}],
    [
      'write into its own role',
      'iam:PutRolePolicy',
      role(`sharemaker-system/sharemaker-dev-${broker}`),
      withBoundary,
    ],
    [
      'open its own role',
      'iam:UpdateAssumeRolePolicy',
      role(`sharemaker-system/sharemaker-dev-${broker}`),
      withBoundary,
    ],
    [
      'write into the prober',
      'iam:PutRolePolicy',
      role('sharemaker-system/sharemaker-prober-dev'),
      withBoundary,
    ],
    ['open a role made by hand', 'iam:UpdateAssumeRolePolicy', role('SageMakerExternal'), withBoundary],
    ['delete a role made by hand', 'iam:DeleteRole', role('SageMakerExternal'), {}],
    ['change the boundary itself', 'iam:CreatePolicyVersion', boundaryArn, {}],
    ['make a policy', 'iam:CreatePolicy', `arn:aws:iam::${account}:policy/sharemaker/x`, {}],
    ['make a user', 'iam:CreateUser', `arn:aws:iam::${account}:user/sharemaker/x`, {}],
    ['make keys', 'iam:CreateAccessKey', `arn:aws:iam::${account}:user/admin`, {}],
    ['assume a share role without the prober', 'sts:AssumeRole', shareRole, {}],
    ['assume anything else', 'sts:AssumeRole', role('admin'), {}],
    [
      'invoke an endpoint itself',
      'sagemaker:InvokeEndpoint',
      `arn:aws:sagemaker:us-east-1:${account}:endpoint/x`,
      {},
    ],
    ['read another table', 'dynamodb:GetItem', `arn:aws:dynamodb:us-east-1:${account}:table/other`, {}],
  ])('may not %s', (_, action, resource, context) => {
    expect(may(action, resource, context)).toBe(false);
  });

  it('stays confined even if somebody attaches AdministratorAccess to its role', () => {
    const administrator: PolicyDocument = {
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
    };
    const decideAsAdministrator = (action: string, resource: string, context = {}) =>
      decide(parent, broker, action, resource, context, [administrator]);
    expect(decideAsAdministrator('s3:ListAllMyBuckets', '*')).toBe(true);
    expect(decideAsAdministrator('iam:CreateRole', shareRole)).toBe(false);
    expect(decideAsAdministrator('iam:PutRolePolicy', role('admin'), withBoundary)).toBe(false);
    expect(decideAsAdministrator('iam:DeleteRolePermissionsBoundary', shareRole)).toBe(false);
    expect(decideAsAdministrator('iam:PassRole', role('admin'))).toBe(false);
  });
});

it('every broker may make a share role with its tags, but the one that only ends grants', () => {
  for (const broker of brokers) {
    const isAllowed = broker !== 'revoke-grant';
    for (const action of ['iam:CreateRole', 'iam:TagRole'])
      expect(decide(parent, broker, action, shareRole, withBoundary), `${broker} ${action}`).toBe(isAllowed);
  }
});

it('no other function of the parent may change IAM at all', () => {
  const others = parent.functions.map(({ key }) => key).filter((key) => !brokers.includes(key));
  for (const key of others) {
    for (const action of ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRole', 'sts:AssumeRole']) {
      expect(decide(parent, key, action, shareRole, withBoundary), `${key} ${action}`).toBe(false);
    }
  }
});

it('functions that only read may not write a record', () => {
  for (const key of ['get-grant', 'list-grants', 'get-offer', 'list-endpoints', 'list-audits', 'get-audit']) {
    for (const { TableName } of parent.tables) {
      for (const action of ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems']) {
        const table = `arn:aws:dynamodb:us-east-1:${account}:table/${TableName}`;
        expect(decide(parent, key, `dynamodb:${action}`, table), `${key} ${action}`).toBe(false);
      }
    }
  }
});

describe('the most a share role can do', () => {
  const may = (action: string, resource: string, resourcePolicy?: PolicyDocument, context = {}) =>
    evaluate({
      action,
      resource,
      caller: callerOf(shareRole),
      context,
      identity: [{ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }],
      boundary: parent.managedPolicies.find(({ name }) => name === 'sharemaker-boundary-dev')!.document,
      resourcePolicy,
    }).allowed;

  it.each([
    ['sagemaker:InvokeEndpoint', `arn:aws:sagemaker:eu-west-1:${account}:endpoint/x`, true],
    ['sagemaker:InvokeEndpointAsync', `arn:aws:sagemaker:us-east-1:${account}:endpoint/x`, true],
    [
      'sagemaker:InvokeEndpointWithResponseStream',
      `arn:aws:sagemaker:us-east-1:${account}:inference-component/x`,
      true,
    ],
    ['s3:PutObject', `arn:aws:s3:::sharemaker-dev-async-${account}-us-east-1/grants/g/in/x`, true],
    ['s3:GetObject', `arn:aws:s3:::sharemaker-dev-async-${account}-us-east-1/grants/g/out/x`, true],
    ['s3:GetObject', `arn:aws:s3:::sharemaker-dev-async-${account}-us-east-1/x`, true],
    ['s3:PutObject', `arn:aws:s3:::sharemaker-dev-async-${account}-us-east-1/x`, false],
    ['s3:GetObject', 'arn:aws:s3:::models/x', false],
    ['s3:PutObject', 'arn:aws:s3:::models/x', false],
    ['sagemaker:InvokeEndpoint', 'arn:aws:sagemaker:us-east-1:999999999999:endpoint/x', false],
    ['sagemaker:CallWithBearerToken', '*', false],
    ['sagemaker:DeleteEndpoint', `arn:aws:sagemaker:us-east-1:${account}:endpoint/x`, false],
    ['iam:CreateUser', '*', false],
    ['sts:AssumeRole', shareRole, false],
  ])('%s on %s: %s', (action, resource, isAllowed) => {
    expect(may(action, resource)).toBe(isAllowed);
  });

  // A resource-based policy that admits everybody needs no policy of the caller, and a boundary limits it only by a deny.
  it.each([
    ['s3:GetObject', 'arn:aws:s3:::models/x'],
    ['s3:PutObject', 'arn:aws:s3:::models/x'],
    ['s3:ListBucket', 'arn:aws:s3:::models'],
    ['s3:DeleteObject', `arn:aws:s3:::sharemaker-dev-async-${account}-us-east-1/grants/g/in/x`],
    ['s3:PutObject', `arn:aws:s3:::sharemaker-dev-async-${account}-us-east-1/x`],
    ['kms:Decrypt', `arn:aws:kms:us-east-1:${account}:key/k`],
    ['kms:Encrypt', `arn:aws:kms:us-east-1:${account}:key/k`],
    ['lambda:InvokeFunction', `arn:aws:lambda:us-east-1:${account}:function:f`],
    ['sqs:SendMessage', `arn:aws:sqs:us-east-1:${account}:q`],
    ['sts:AssumeRole', `arn:aws:iam::${account}:role/everybody`],
  ])('not even what is open to everybody of the account: %s on %s', (action, resource) => {
    const everybody = { Effect: 'Allow', Principal: '*', Action: action } as const;
    const open = { ...everybody, ...(action.startsWith('sts:') ? {} : { Resource: '*' }) };
    expect(may(action, resource, { Version: '2012-10-17', Statement: open })).toBe(false);
  });

  it('but S3 may use the key of its own bucket for it, where that key admits everybody', () => {
    const bucket = `arn:aws:s3:::sharemaker-dev-async-${account}-us-east-1`;
    const key = { Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' } as const;
    const mayFor = (arn: string) =>
      may(
        'kms:Decrypt',
        `arn:aws:kms:us-east-1:${account}:key/k`,
        { Version: '2012-10-17', Statement: key },
        {
          'kms:EncryptionContext:aws:s3:arn': arn,
        },
      );
    expect(
      [bucket, `${bucket}/grants/g/out/x`, `${bucket}-other/x`, 'arn:aws:s3:::models/x'].map(mayFor),
    ).toEqual([true, true, false, false]);
  });
});

describe('the relay', () => {
  const may = (key: string, action: string, resource: string) => decide(child, key, action, resource);

  it.each([
    ['sts:AssumeRole', 'arn:aws:iam::111111111111:role/sharemaker/222222222222/sharemaker-grt_1', true],
    ['sts:AssumeRole', 'arn:aws:iam::111111111111:role/sharemaker/333333333333/sharemaker-grt_1', false],
    ['sts:AssumeRole', 'arn:aws:iam::111111111111:role/admin', false],
    ['sts:AssumeRole', 'arn:aws:iam::222222222222:role/admin', false],
    ['execute-api:Invoke', 'arn:aws:execute-api:us-east-1:111111111111:abc/dev/GET/offers/grt_1', true],
    ['execute-api:Invoke', 'arn:aws:execute-api:us-east-1:111111111111:abc/dev/GET/grants', false],
    ['execute-api:Invoke', 'arn:aws:execute-api:us-east-1:111111111111:abc/dev/POST/offers/grt_1', false],
    ['sagemaker:InvokeEndpoint', 'arn:aws:sagemaker:us-east-1:222222222222:endpoint/x', false],
    [
      'dynamodb:DeleteItem',
      'arn:aws:dynamodb:us-east-1:222222222222:table/sharemaker-dev-subscriptions',
      false,
    ],
  ])('%s on %s: %s', (action, resource, isAllowed) => {
    expect(may('invoke', action, resource)).toBe(isAllowed);
  });

  it('is not the only one that can be trusted: who only reads subscriptions can assume nothing', () => {
    for (const key of ['get-subscription', 'list-subscriptions', 'remove-subscription']) {
      expect(
        may(key, 'sts:AssumeRole', 'arn:aws:iam::111111111111:role/sharemaker/222222222222/sharemaker-grt_1'),
      ).toBe(false);
    }
  });
});

/** Resources whose own policy admits the whole account, so that the caller's policies alone decide. */
const welcoming: Readonly<Record<string, (accountId: string) => PolicyDocument>> = {
  'sts:AssumeRole': (accountId) => ({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { AWS: `arn:aws:iam::${accountId}:root` },
    },
  }),
  'execute-api:Invoke': (accountId) => ({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: 'execute-api:Invoke',
      Principal: { AWS: `arn:aws:iam::${accountId}:root` },
      Resource: '*',
    },
  }),
};

/** Whether a function's execution role allows a request, by all its policies. */
function decide(
  stack: Stack,
  key: string,
  action: string,
  resource: string,
  context: Readonly<Record<string, string>> = {},
  more: readonly PolicyDocument[] = [],
): boolean {
  const { roleArn } = stack.functions.find((candidate) => candidate.key === key)!;
  const found = stack.roles.find(({ name }) => roleArn.endsWith(`/${name}`))!;
  const managed = found.managedPolicyArns!.map(
    (arn) => stack.managedPolicies.find(({ name }) => arn.endsWith(`/${name}`))!.document,
  );
  const identity = [...Object.values(found.inline!), ...managed, ...more];
  return evaluate({
    action,
    resource,
    resourceAccountId: resource.split(':')[4] || stack.accountId,
    caller: callerOf(roleArn),
    context,
    identity,
    resourcePolicy: welcoming[action]?.(stack.accountId),
  }).allowed;
}

function callerOf(roleArn: string) {
  const [, , , , accountId] = roleArn.split(':');
  const arn = `arn:aws:sts::${accountId}:assumed-role/${roleArn.split('/').at(-1)}/s`;
  return {
    type: 'AssumedRole',
    accountId: accountId!,
    arn,
    principalArn: roleArn,
    userId: 'AROAX:s',
  } as const;
}
