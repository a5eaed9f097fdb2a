/** Which endpoints a role may invoke, by its policies and its boundary. Pure. */

import type { AccountRole, ManagedPolicies } from './inventory.ts';
import { isDenyInForce, isOver, untilOf } from './outsiders.ts';
import type { ReadDocument, ReadStatement } from './policy-language.ts';
import { covers, matches, overlap } from './wildcards.ts';

/** One thing that a statement allows. */
export interface Allowed {
  /** As IAM spells it, lower-cased. */
  readonly action: string;
  /** The pattern in the policy that let the action in, such as `sagemaker:*`. */
  readonly actionPattern: string;
  /** The pattern in the policy that let the endpoint in. */
  readonly resource: string;
  /** ISO 8601. */
  readonly until?: string;
  /** Where it stands, for people. */
  readonly policy: string;
  readonly conditions: ReadStatement['conditions'];
}

export const invokeActions = {
  sync: 'sagemaker:invokeendpoint',
  stream: 'sagemaker:invokeendpointwithresponsestream',
  async: 'sagemaker:invokeendpointasync',
} as const;

export const bearerAction = 'sagemaker:callwithbearertoken';

const watched = [...Object.values(invokeActions), bearerAction];

/** Whether a managed policy says anything about invoking endpoints, allowed or denied. */
export function concernsEndpoints({ statements }: ReadDocument): boolean {
  return statements.some((statement) =>
    watched.some((action) => actionPattern(statement, action) !== undefined),
  );
}

/** What the role may do to endpoints of its account, now. Empty when it may invoke none. */
export function reachOf(
  role: AccountRole,
  around: { readonly accountId: string; readonly managed: ManagedPolicies; readonly now: number },
): Allowed[] {
  const policies = [
    ...role.inline.map(({ name, document }) => ({ policy: `inline policy ${name}`, document })),
    ...role.attached.map((arn) => ({ policy: `attached policy ${arn}`, document: around.managed.get(arn) })),
  ];
  const statements = policies.flatMap(({ policy, document }) =>
    (document?.statements ?? []).map((statement) => ({ policy, statement })),
  );
  const denied = statements
    .map(({ statement }) => statement)
    .filter((statement) => isDenyInForce(statement, around.now));
  const boundary = role.boundaryArn === undefined ? undefined : around.managed.get(role.boundaryArn);
  // What is not in the inventory cannot be judged; it is taken to allow everything, so that no door is overlooked.
  const isBound = boundary !== undefined;
  const bound = boundary?.statements ?? [];
  denied.push(...bound.filter((statement) => isDenyInForce(statement, around.now)));
  const allowed = statements
    .filter(({ statement }) => statement.effect === 'Allow')
    .flatMap(({ policy, statement }) => allowedBy(statement, policy, around))
    .filter(({ action, resource }) => !denied.some((deny) => denies(deny, action, resource)))
    .filter(
      ({ action, resource }) => !isBound || bound.some((statement) => admits(statement, action, resource)),
    );
  const mayInvoke = allowed.some(({ action }) => action !== bearerAction);
  return mayInvoke ? allowed : [];
}

function allowedBy(
  statement: ReadStatement,
  policy: string,
  { accountId, now }: { readonly accountId: string; readonly now: number },
): Allowed[] {
  const until = untilOf(statement.conditions);
  if (isOver(until, now)) return [];
  return watched.flatMap((action) => {
    const pattern = actionPattern(statement, action);
    if (pattern === undefined) return [];
    const resources = statement.resources ?? ['*'];
    return resources
      .filter((resource) => action === bearerAction || isOfEndpoints(resource, accountId))
      .map((resource) => ({
        action,
        actionPattern: pattern,
        resource,
        ...(until && { until }),
        policy,
        conditions: statement.conditions,
      }));
  });
}

/** The pattern that takes the action in; `NotAction` for a statement that names what it leaves out. */
function actionPattern({ actions, notActions }: ReadStatement, action: string): string | undefined {
  if (actions) return actions.find((pattern) => matches(pattern, action));
  return notActions && !notActions.some((pattern) => matches(pattern, action)) ? 'NotAction' : undefined;
}

/** Endpoint ARNs are lower-cased, and a policy that was written in capitals was meant for one all the same. */
function isOfEndpoints(resource: string, accountId: string): boolean {
  return meet(resource.toLowerCase(), `arn:aws*:sagemaker:*:${accountId}:endpoint/*`);
}

function denies(deny: ReadStatement, action: string, resource: string): boolean {
  if (actionPattern(deny, action) === undefined) return false;
  if (deny.resources) return deny.resources.some((pattern) => covers(pattern, resource));
  return !deny.notResources?.some((pattern) => meet(pattern, resource));
}

function admits(statement: ReadStatement, action: string, resource: string): boolean {
  if (statement.effect !== 'Allow' || actionPattern(statement, action) === undefined) return false;
  if (statement.resources) return statement.resources.some((pattern) => meet(pattern, resource));
  return !statement.notResources?.some((pattern) => covers(pattern, resource));
}

/** Whether some endpoint's ARN is taken in by both patterns, part by part: none of its parts has a colon in it. */
function meet(a: string, b: string): boolean {
  const [ofA, ofB] = [partsOf(a), partsOf(b)];
  return Boolean(ofA?.every((part, index) => overlap(part, ofB?.[index] ?? '')));
}

/** Of `arn:partition:service:region:account:resource`. */
const arnParts = 6;

/** IAM: a `*` at the end of a part may reach beyond its colon. Undefined: no endpoint's ARN has such a form. */
function partsOf(pattern: string): string[] | undefined {
  const parts = pattern.split(':');
  const widening = parts.findLastIndex((part) => part.endsWith('*'));
  if (parts.length > arnParts || (parts.length < arnParts && widening < 0)) return undefined;
  const filling = new Array<string>(arnParts - parts.length).fill('*');
  return [...parts.slice(0, widening + 1), ...filling, ...parts.slice(widening + 1)];
}
