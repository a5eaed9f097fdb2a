/** Which endpoints a role may invoke, by its policies and its boundary. Pure. */

import { endpointArns, namesEndpoints } from './endpoint-arns.ts';
import { type Holding, type HoldingSurroundings, holdingAbout, holdingOf, type InPolicy } from './holding.ts';
import type { AccountRole } from './inventory.ts';
import { concerns, untilOf } from './outsiders.ts';
import type { ReadCondition, ReadDocument, ReadStatement } from './policy-language.ts';
import { matches, withoutVariables } from './wildcards.ts';

export interface ReachSurroundings extends HoldingSurroundings {
  readonly accountId: string;
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
  readonly conditions: readonly ReadCondition[];
}

export interface Reach {
  readonly allowed: readonly Allowed[];
  /** Its policies name more kinds of endpoints than can be looked at; what a deny or the boundary takes from some is left out. */
  readonly isEstimate: boolean;
}

export const invokeActions = {
  sync: 'sagemaker:invokeendpoint',
  stream: 'sagemaker:invokeendpointwithresponsestream',
  async: 'sagemaker:invokeendpointasync',
  /** No grant has this mode. */
  'bidirectional stream': 'sagemaker:invokeendpointwithbidirectionalstream',
} as const;

export const bearerAction = 'sagemaker:callwithbearertoken';

const watched = [...Object.values(invokeActions), bearerAction];

/** Whether a managed policy says anything about invoking endpoints, allowed or denied. */
export function concernsEndpoints({ statements }: ReadDocument): boolean {
  return statements.some(isWatched);
}

function isWatched(statement: ReadStatement): boolean {
  return watched.some((action) => concerns(statement, action));
}

/** What is said about a role's invoking, and nothing else. */
export function endpointHolding(role: AccountRole, around: HoldingSurroundings): Holding {
  return holdingAbout(role, around, isWatched);
}

/** What a role may do to endpoints of its account, now. Nothing when it may invoke none. */
export function reachOf(held: Holding, account: EndpointAccount): Reach {
  if (held.policies.length === 0) return { allowed: [], isEstimate: false };
  const arns = endpointArns(statementsIn(held), account);
  const allowed = held.policies.flatMap(({ policy, statement }) =>
    watched.flatMap((action) => {
      if (action === bearerAction || arns)
        return allowedAt(held, { policy, statement }, action, action === bearerAction ? ['*'] : (arns ?? []));
      return mayBeAllowed(held, statement, action) ? entries(statement, action, policy, () => true) : [];
    }),
  );
  const isAnyInvoked = allowed.some(({ action }) => action !== bearerAction);
  return { allowed: isAnyInvoked ? allowed : [], isEstimate: isAnyInvoked && !arns };
}

/** Whether one opens an endpoint in a mode in which the other does not, or not always. */
export function reachesMore(held: Holding, than: Holding, account: EndpointAccount): boolean {
  const arns = endpointArns([...statementsIn(held), ...statementsIn(than)], account);
  return (
    !arns ||
    Object.values(invokeActions).some((action) =>
      arns.some((arn) => isOpen(held, action, arn) && !isAlwaysOpen(than, action, arn)),
    )
  );
}

export interface EndpointAccount {
  readonly partition: string;
  readonly accountId: string;
}

function statementsIn({ policies, bound, denied }: Holding): ReadStatement[] {
  return [...policies.map(({ statement }) => statement), ...bound, ...denied];
}

function isOpen({ policies, bound, denied }: Holding, action: string, arn: string): boolean {
  return (
    policies.some(({ statement }) => says(statement, action, arn)) &&
    !denied.some((deny) => says(deny, action, arn)) &&
    bound.some((statement) => says(statement, action, arn))
  );
}

function isAlwaysOpen(
  { policies, bound, denied, conditional }: Holding,
  action: string,
  arn: string,
): boolean {
  const isFree = (statement: ReadStatement) => statement.conditions.length === 0;
  return isOpen(
    {
      policies: policies.filter(({ statement }) => isFree(statement)),
      bound: bound.filter(isFree),
      denied: [...denied, ...conditional],
      conditional: [],
    },
    action,
    arn,
  );
}

/** What the role may do to one endpoint, and which conditions stand before it in denies and in the boundary. */
export function reachAt(
  role: AccountRole,
  around: ReachSurroundings,
  arn: string,
): { readonly allowed: readonly Allowed[]; readonly hindrances: readonly ReadCondition[] } {
  const held = holdingOf(role, around);
  const actions = Object.values(invokeActions);
  const allowed = held.policies.flatMap((one) =>
    actions.flatMap((action) => allowedAt(held, one, action, [arn])),
  );
  const hindrances = actions
    .filter((action) => allowed.some((one) => one.action === action))
    .flatMap((action) => {
      const denies = held.conditional.filter((statement) => says(statement, action, arn));
      const bounds = held.bound.filter((statement) => says(statement, action, arn));
      const isBoundFreely = bounds.some(({ conditions }) => conditions.length === 0);
      return [...denies, ...(isBoundFreely ? [] : bounds)].flatMap(({ conditions }) => conditions);
    });
  return { allowed, hindrances };
}

/** What a statement allows on those of the ARNs that are open by it. */
function allowedAt(held: Holding, one: InPolicy, action: string, arns: readonly string[]): Allowed[] {
  const open = arns.filter((arn) => isOpen({ ...held, policies: [one] }, action, arn));
  if (open.length === 0) return [];
  const { policy, statement } = one;
  return entries(statement, action, policy, (resource) => open.some((arn) => isMeant(resource, arn)));
}

/** Where endpoints are too many to be looked at: unless nothing at all is left of what the statement allows. */
function mayBeAllowed({ bound, denied }: Holding, statement: ReadStatement, action: string): boolean {
  const isAbout = (one: ReadStatement) => concerns(one, action);
  const isWhole = (deny: ReadStatement) => deny.resources?.includes('*') ?? false;
  return (
    isAbout(statement) &&
    (statement.resources === undefined || namesEndpoints(statement)) &&
    !denied.some((deny) => isAbout(deny) && isWhole(deny)) &&
    bound.some(isAbout)
  );
}

/** One entry for each pattern of the statement that is open. */
function entries(
  statement: ReadStatement,
  action: string,
  policy: string,
  isOpen: (resource: string) => boolean,
): Allowed[] {
  const until = untilOf(statement.conditions);
  const resources = statement.resources ?? ['*'];
  return resources.filter(isOpen).map((resource) => ({
    action,
    actionPattern: actionPattern(statement, action) ?? action,
    resource,
    ...(until && { until }),
    policy,
    conditions: statement.conditions,
  }));
}

/** Whether the statement is about the action on the endpoint; whatever it then says. */
function says(statement: ReadStatement, action: string, arn: string): boolean {
  if (!concerns(statement, action)) return false;
  const takesIn = statement.effect === 'Allow' ? isMeant : matches;
  if (statement.resources) return statement.resources.some((pattern) => takesIn(pattern, arn));
  // What a variable will stand for is not known: where that leaves a door open, it is open.
  const leavesOut = (pattern: string) =>
    matches(statement.effect === 'Allow' ? pattern : withoutVariables(pattern), arn);
  return !statement.notResources?.some(leavesOut);
}

/** Endpoint ARNs are lower-cased, and a policy that was written in capitals was meant for one all the same. */
function isMeant(pattern: string, arn: string): boolean {
  return matches(withoutVariables(pattern).toLowerCase(), arn);
}

/** The pattern that takes the action in; `NotAction` for a statement that names what it leaves out. */
function actionPattern({ actions, notActions }: ReadStatement, action: string): string | undefined {
  if (actions) return actions.find((pattern) => matches(pattern, action));
  return notActions && !notActions.some((pattern) => matches(pattern, action)) ? 'NotAction' : undefined;
}
