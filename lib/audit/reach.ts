/** Which endpoints a role may invoke, by its policies and its boundary. Pure. */

import { endpointArns } from './endpoint-arns.ts';
import type { AccountRole, ManagedPolicies } from './inventory.ts';
import { isDenyInForce, isOver, untilOf } from './outsiders.ts';
import type { ReadDocument, ReadStatement } from './policy-language.ts';
import { matches } from './wildcards.ts';

export interface ReachSurroundings {
  readonly accountId: string;
  readonly managed: ManagedPolicies;
  /** Epoch milliseconds: a date that has passed ends a statement. */
  readonly now: number;
}

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
export function reachOf(role: AccountRole, around: ReachSurroundings): Allowed[] {
  const policies = policiesOf(role, around);
  const boundary = role.boundaryArn === undefined ? undefined : around.managed.get(role.boundaryArn);
  // What is not in the inventory cannot be judged; it is taken to allow everything, so that no door is overlooked.
  const bound = boundary === undefined ? [everything] : (boundary?.statements ?? []);
  const all = [...policies.map(({ statement }) => statement), ...bound];
  const denied = all.filter((statement) => isDenyInForce(statement, around.now));
  const place = { partition: role.arn.split(':')[1] ?? 'aws', accountId: around.accountId };
  const arns = endpointArns(all, place);
  const isOpen = (action: string, arn: string) =>
    !denied.some((statement) => says(statement, action, arn)) &&
    bound.some((statement) => isAllowInForce(statement, around.now) && says(statement, action, arn));

  const allowed = policies
    .filter(({ statement }) => isAllowInForce(statement, around.now))
    .flatMap(({ policy, statement }) =>
      watched.flatMap((action) => {
        const open = (action === bearerAction ? ['*'] : arns).filter(
          (arn) => says(statement, action, arn) && isOpen(action, arn),
        );
        return open.length === 0 ? [] : allowedBy(statement, action, policy, open);
      }),
    );
  return allowed.some(({ action }) => action !== bearerAction) ? allowed : [];
}

function policiesOf(role: AccountRole, { managed }: ReachSurroundings) {
  const policies = [
    ...role.inline.map(({ name, document }) => ({ policy: `inline policy ${name}`, document })),
    ...role.attached.map((arn) => ({ policy: `attached policy ${arn}`, document: managed.get(arn) })),
  ];
  return policies.flatMap(({ policy, document }) =>
    (document?.statements ?? []).map((statement) => ({ policy, statement })),
  );
}

/** One entry for each pattern that lets one of the ARNs in. */
function allowedBy(
  statement: ReadStatement,
  action: string,
  policy: string,
  open: readonly string[],
): Allowed[] {
  const until = untilOf(statement.conditions);
  const resources = statement.resources ?? ['*'];
  return resources
    .filter((resource) => open.some((arn) => isMeant(resource, arn)))
    .map((resource) => ({
      action,
      actionPattern: actionPattern(statement, action) ?? action,
      resource,
      ...(until && { until }),
      policy,
      conditions: statement.conditions,
    }));
}

function isAllowInForce({ effect, conditions }: ReadStatement, now: number): boolean {
  return effect === 'Allow' && !isOver(untilOf(conditions), now);
}

/** Whether the statement is about the action on the endpoint; whatever it then says. */
function says(statement: ReadStatement, action: string, arn: string): boolean {
  if (actionPattern(statement, action) === undefined) return false;
  const takesIn = statement.effect === 'Allow' ? isMeant : matches;
  if (statement.resources) return statement.resources.some((pattern) => takesIn(pattern, arn));
  return !statement.notResources?.some((pattern) => matches(pattern, arn));
}

/** Endpoint ARNs are lower-cased, and a policy that was written in capitals was meant for one all the same. */
function isMeant(pattern: string, arn: string): boolean {
  return matches(pattern.replace(/\$\{[^}]*\}/g, '*').toLowerCase(), arn);
}

const everything: ReadStatement = { effect: 'Allow', actions: ['*'], resources: ['*'], conditions: [] };

/** The pattern that takes the action in; `NotAction` for a statement that names what it leaves out. */
function actionPattern({ actions, notActions }: ReadStatement, action: string): string | undefined {
  if (actions) return actions.find((pattern) => matches(pattern, action));
  return notActions && !notActions.some((pattern) => matches(pattern, action)) ? 'NotAction' : undefined;
}
