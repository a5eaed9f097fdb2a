/** What execution roles are granted, one action on one resource at a time, and whether a call would go without one of them. */

import type { PolicyDocument, Statement } from '../../../sandbox/policy/document.ts';
import { evaluate } from '../../../sandbox/policy/evaluate.ts';
import { readStack, type Stack } from '../../../sandbox/stack/stack.ts';
import type { CallRecord } from '../../../sandbox/types.ts';

/** One action on one resource that a role of a stack is granted. */
export interface Granted {
  /** `create-grant`, or `prober`. */
  readonly role: string;
  readonly roleArn: string;
  readonly action: string;
  readonly resource: string;
}

export interface Asked {
  readonly action: string;
  readonly resource: string;
}

const boundaryArn = 'arn:aws:iam::111111111111:policy/sharemaker-system/sharemaker-boundary-dev';

const stacks = [
  readStack({ account: 'parent', accountId: '111111111111' }),
  readStack({ account: 'child', accountId: '222222222222' }),
];

const roles = stacks.flatMap((stack) =>
  stack.roles.map(({ name, path = '/', inline = {}, managedPolicyArns = [] }) => ({
    role: name.replace(/^sharemaker-(dev-)?/, '').replace(/-dev$/, ''),
    roleArn: `arn:aws:iam::${stack.accountId}:role${path}${name}`,
    policies: [...Object.values(inline), ...managedPolicyArns.map((arn) => managedPolicy(stack, arn))],
  })),
);

/** Everything that the roles of both stacks are granted. */
export const allGranted: readonly Granted[] = roles.flatMap(({ role, roleArn, policies }) =>
  policies
    .flatMap(statementsOf)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) =>
      listOf(Action).flatMap((action) =>
        listOf(Resource).map((resource) => ({ role, roleArn, action, resource })),
      ),
    ),
);

/** What the calls of one principal asked for and got. */
export function allowedTo(roleArn: string, calls: readonly CallRecord[]): Asked[] {
  const found = calls
    .filter(({ principalArn, decision }) => principalArn === roleArn && decision === 'allowed')
    .flatMap(({ actions, resources }) =>
      actions.flatMap((action) => resources.map((resource) => ({ action, resource }))),
    );
  return [...new Map(found.map((asked) => [`${asked.action} ${asked.resource}`, asked])).values()];
}

/** By the policies of the role as they are. */
export function isAllowed({ roleArn }: Granted, asked: Asked): boolean {
  return decide(roleArn, asked, policiesOf(roleArn));
}

/** By the same policies with this one action on this one resource taken out. */
export function isAllowedWithout(granted: Granted, asked: Asked): boolean {
  return decide(
    granted.roleArn,
    asked,
    policiesOf(granted.roleArn).map((policy) => without(policy, granted)),
  );
}

function without(policy: PolicyDocument, { action, resource }: Granted): PolicyDocument {
  const split = (statement: Statement): Statement[] => {
    const holds = listOf(statement.Action).includes(action) && listOf(statement.Resource).includes(resource);
    if (statement.Effect !== 'Allow' || !holds) return [statement];
    const otherActions = listOf(statement.Action).filter((each) => each !== action);
    const otherResources = listOf(statement.Resource).filter((each) => each !== resource);
    return [
      ...(otherActions.length > 0 ? [{ ...statement, Action: otherActions }] : []),
      ...(otherResources.length > 0 ? [{ ...statement, Action: action, Resource: otherResources }] : []),
    ];
  };
  return { ...policy, Statement: statementsOf(policy).flatMap(split) };
}

function decide(roleArn: string, { action, resource }: Asked, identity: PolicyDocument[]): boolean {
  const [, , , , accountId = ''] = roleArn.split(':');
  return evaluate({
    action,
    resource,
    resourceAccountId: resource.split(':')[4] || accountId,
    caller: {
      type: 'AssumedRole',
      accountId,
      arn: `arn:aws:sts::${accountId}:assumed-role/${roleArn.split('/').at(-1)}/s`,
      principalArn: roleArn,
      userId: 'AROAX:s',
    },
    context: { 'iam:PermissionsBoundary': boundaryArn },
    identity,
    // Roles and APIs have policies of their own; one that leaves it to the caller's.
    ...(welcoming.test(action) && {
      resourcePolicy: {
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Action: action,
          Principal: { AWS: `arn:aws:iam::${accountId}:root` },
          ...(action.startsWith('execute-api') && { Resource: '*' }),
        },
      } satisfies PolicyDocument,
    }),
  }).allowed;
}

const welcoming = /^(sts|execute-api):/;

function policiesOf(roleArn: string): PolicyDocument[] {
  return roles.find((each) => each.roleArn === roleArn)!.policies;
}

function managedPolicy(stack: Stack, arn: string): PolicyDocument {
  return stack.managedPolicies.find(({ name }) => arn.endsWith(`/${name}`))!.document;
}

function statementsOf({ Statement: statements }: PolicyDocument): Statement[] {
  return [statements].flat() as Statement[];
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : [value].flat();
}
