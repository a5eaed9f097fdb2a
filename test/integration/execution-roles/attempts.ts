/** What hostile hands would try in IAM with the broker's credentials; none of it may succeed. */

import * as iam from '@aws-sdk/client-iam';

export const account = '111111111111';
export const boundary = `arn:aws:iam::${account}:policy/sharemaker-system/sharemaker-boundary-dev`;
const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess';
export const everything = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
});
export const open = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::333333333333:root' },
    Action: 'sts:AssumeRole',
  },
});

const itself = (key: string) => `sharemaker-dev-${key}`;

/** What it would be, and the command: for the function whose credentials are used, and the share role of a living grant. */
type Attempt = readonly [what: string, command: (key: string, share: string) => object];

export const attempts: readonly Attempt[] = [
  ...[
    ['a role without the boundary', { Path: '/sharemaker/333333333333/' }],
    [
      'a role with another boundary',
      { Path: '/sharemaker/333333333333/', PermissionsBoundary: administrator },
    ],
    ['a role outside the path', { Path: '/', PermissionsBoundary: boundary }],
    ['a role among the execution roles', { Path: '/sharemaker-system/', PermissionsBoundary: boundary }],
    ['a role on a path that looks alike', { Path: '/sharemaker-2/', PermissionsBoundary: boundary }],
  ].map(
    ([what, more]): Attempt => [
      `make ${what as string}`,
      () =>
        new iam.CreateRoleCommand({ RoleName: 'mine', AssumeRolePolicyDocument: open, ...(more as object) }),
    ],
  ),
  ['make a user', () => new iam.CreateUserCommand({ UserName: 'me' })],
  [
    'make a user with path and boundary of a share role',
    () => new iam.CreateUserCommand({ UserName: 'me', Path: '/sharemaker/', PermissionsBoundary: boundary }),
  ],
  ['make keys for a user', () => new iam.CreateAccessKeyCommand({ UserName: 'deploy' })],
  ['make keys for the administrator', () => new iam.CreateAccessKeyCommand({ UserName: 'admin' })],
  ['make a group', () => new iam.CreateGroupCommand({ GroupName: 'mine' })],
  [
    'join the administrators',
    () => new iam.AddUserToGroupCommand({ GroupName: 'admins', UserName: 'deploy' }),
  ],
  [
    'give a user a policy',
    () => new iam.PutUserPolicyCommand({ UserName: 'deploy', PolicyName: 'p', PolicyDocument: everything }),
  ],
  [
    'give a group a policy',
    () => new iam.PutGroupPolicyCommand({ GroupName: 'admins', PolicyName: 'p', PolicyDocument: everything }),
  ],
  [
    'make a managed policy',
    () =>
      new iam.CreatePolicyCommand({ PolicyName: 'mine', Path: '/sharemaker/', PolicyDocument: everything }),
  ],
  [
    'widen the boundary',
    () =>
      new iam.CreatePolicyVersionCommand({
        PolicyArn: boundary,
        PolicyDocument: everything,
        SetAsDefault: true,
      }),
  ],
  ['delete the boundary', () => new iam.DeletePolicyCommand({ PolicyArn: boundary })],
  [
    'take the boundary off a share role',
    (_key, share) => new iam.DeleteRolePermissionsBoundaryCommand({ RoleName: share }),
  ],
  [
    'put another boundary on a share role',
    (_key, share) =>
      new iam.PutRolePermissionsBoundaryCommand({ RoleName: share, PermissionsBoundary: administrator }),
  ],
  [
    'attach a managed policy to a share role',
    (_key, share) => new iam.AttachRolePolicyCommand({ RoleName: share, PolicyArn: administrator }),
  ],
  [
    'attach a managed policy to itself',
    (key) => new iam.AttachRolePolicyCommand({ RoleName: itself(key), PolicyArn: administrator }),
  ],
  [
    'give itself a policy',
    (key) =>
      new iam.PutRolePolicyCommand({ RoleName: itself(key), PolicyName: 'p', PolicyDocument: everything }),
  ],
  [
    'let others become itself',
    (key) => new iam.UpdateAssumeRolePolicyCommand({ RoleName: itself(key), PolicyDocument: open }),
  ],
  [
    'take the denials from itself',
    (key) =>
      new iam.DetachRolePolicyCommand({
        RoleName: itself(key),
        PolicyArn: `arn:aws:iam::${account}:policy/sharemaker-system/sharemaker-dev-advance`,
      }),
  ],
  [
    'give the prober a policy',
    () =>
      new iam.PutRolePolicyCommand({
        RoleName: 'sharemaker-prober-dev',
        PolicyName: 'probe',
        PolicyDocument: everything,
      }),
  ],
  [
    'let others become the prober',
    () => new iam.UpdateAssumeRolePolicyCommand({ RoleName: 'sharemaker-prober-dev', PolicyDocument: open }),
  ],
  [
    'give a role made by hand a policy',
    () =>
      new iam.PutRolePolicyCommand({
        RoleName: 'SageMakerExternal',
        PolicyName: 'p',
        PolicyDocument: everything,
      }),
  ],
  [
    'let others become a role made by hand',
    () => new iam.UpdateAssumeRolePolicyCommand({ RoleName: 'SageMakerExternal', PolicyDocument: open }),
  ],
  ['delete a role made by hand', () => new iam.DeleteRoleCommand({ RoleName: 'SageMakerExternal' })],
  ['delete its own role', (key) => new iam.DeleteRoleCommand({ RoleName: itself(key) })],
];
