/** Who outside the account may assume a role, by its trust policy. Pure. */

import {
  accountOf,
  isUniqueId,
  type ReadCondition,
  type ReadDocument,
  type ReadStatement,
  roleOfSession,
  sessionRoleName,
} from './policy-language.ts';
import { commonText, covers, matches } from './wildcards.ts';

/** One way in: a principal of another account (or anybody), and what is asked of them. */
export interface Outsider {
  /** Undefined: any account. */
  readonly accountId?: string;
  /** ARNs or patterns of ARNs; undefined: the whole account. */
  readonly principals?: readonly string[];
  readonly orgIds?: readonly string[];
  /** Undefined: none is required. */
  readonly externalIds?: readonly string[];
  /** ISO 8601. */
  readonly until?: string;
  /** Conditions that the above does not say. */
  readonly unweighed: readonly ReadCondition[];
}

const assume = 'sts:assumerole';

/** Empty when nobody outside gets in. `now` in epoch milliseconds: a date in the past shuts a statement. */
export function outsidersOf(trust: ReadDocument | undefined, ownAccountId: string, now: number): Outsider[] {
  const statements = (trust?.statements ?? []).map((statement) => withOwnAccount(statement, ownAccountId));
  const closed = statements.filter(
    (statement) => isDenyInForce(statement, now) && concerns(statement, assume),
  );
  return statements
    .filter((statement) => isAllowInForce(statement, now) && concerns(statement, assume))
    .flatMap((statement) => ways(statement, ownAccountId, closed));
}

/** Of a role's trust policy the resource is the role: the one variable whose value is known beforehand. */
function withOwnAccount(statement: ReadStatement, accountId: string): ReadStatement {
  const known = (value: string) => value.replace(/\$\{aws:ResourceAccount\}/gi, accountId);
  const conditions = statement.conditions.map((one) => ({ ...one, values: one.values.map(known) }));
  return { ...statement, conditions };
}

/** ISO 8601: the date at which the first of the conditions ends; one with several dates ends with the last of them. */
export function untilOf(conditions: readonly ReadCondition[]): string | undefined {
  return conditions
    .filter(isEnd)
    .flatMap(({ values }) => values.toSorted().at(-1) ?? [])
    .sort()[0];
}

/** A date before which a statement holds. */
export function isEnd({ operator, key }: ReadCondition): boolean {
  return /^DateLessThan(?:Equals)?$/.test(operator) && key === 'aws:currenttime';
}

/** A date from which a statement holds. */
export function isBeginning({ operator, key }: ReadCondition): boolean {
  return /^DateGreaterThan(?:Equals)?$/.test(operator) && key === 'aws:currenttime';
}

export function isAllowInForce({ effect, conditions }: ReadStatement, now: number): boolean {
  const until = untilOf(conditions);
  return effect === 'Allow' && (until === undefined || Date.parse(until) > now);
}

/** A deny that holds whoever calls: without conditions, or with none but a date that has come. */
export function isDenyInForce({ effect, conditions }: ReadStatement, now: number): boolean {
  return (
    effect === 'Deny' &&
    conditions.every(
      (condition) => isBeginning(condition) && condition.values.some((value) => Date.parse(value) <= now),
    )
  );
}

/** Whether the statement is about the action, whoever calls. */
export function concerns(
  { actions, notActions }: Pick<ReadStatement, 'actions' | 'notActions'>,
  action: string,
): boolean {
  if (actions) return actions.some((pattern) => matches(pattern, action));
  return notActions !== undefined && !notActions.some((pattern) => matches(pattern, action));
}

function ways(statement: ReadStatement, ownAccountId: string, closed: readonly ReadStatement[]): Outsider[] {
  // Allow with NotPrincipal means everybody else.
  const principals = statement.notPrincipals ? ['AWS:*'] : (statement.principals ?? []);
  return principals
    .filter((principal) => principal.startsWith('AWS:') && !isUniqueId(principal))
    .flatMap((principal) => closed.reduce((open, deny) => open.flatMap(sparedBy(deny)), [principal]))
    .flatMap((principal) => narrowed(principal, statement.conditions))
    .filter(({ accountId }) => accountId !== ownAccountId)
    .filter(
      ({ accountId }) => !accountId || closed.every((deny) => sparedBy(deny)(`AWS:${accountId}`).length > 0),
    );
}

/** What a deny leaves of a principal. */
function sparedBy(deny: ReadStatement): (principal: string) => string[] {
  return (principal) => {
    // AWS: with NotPrincipal, the account, the role and the session may each have to be spared. Any of them is taken to suffice.
    if (deny.notPrincipals) return deny.notPrincipals.flatMap((spared) => common(spared, principal) ?? []);
    const isShut = deny.principals?.some(
      (shut) =>
        shut === 'AWS:*' ||
        shut === principal ||
        shut === `AWS:${accountOf(principal)}` ||
        isRoleOfSession(shut, principal),
    );
    return isShut ? [] : [principal];
  };
}

/** Names of roles are unique in their account, whatever the path. */
function isRoleOfSession(role: string, session: string): boolean {
  return (
    role.includes(':role/') &&
    accountOf(role) === accountOf(session) &&
    role.split('/').at(-1) === sessionRoleName(session)
  );
}

/** The narrower of two principals; undefined when neither is part of the other. */
function common(a: string, b: string): string | undefined {
  if (a === 'AWS:*' || a === `AWS:${accountOf(b)}`) return b;
  if (b === 'AWS:*' || b === `AWS:${accountOf(a)}`) return a;
  return a === b ? a : undefined;
}

/** What the conditions leave of a principal, one entry for each account. */
function narrowed(principal: string, conditions: readonly ReadCondition[]): Outsider[] {
  const orgIds = valuesOf(conditions, 'aws:principalorgid');
  const externalIds = valuesOf(conditions, 'sts:externalid')?.filter((value) => value !== '*');
  const until = untilOf(conditions);
  const asked = {
    ...(orgIds && { orgIds }),
    ...(externalIds?.length && { externalIds }),
    ...(until && { until }),
    unweighed: conditions.filter((condition) => !isEnd(condition) && !isWeighed(condition, conditions)),
  };
  const named = accountOf(principal);
  const own = principal.slice('AWS:'.length);
  const isWhole = own === '*' || own === named;
  const held = valuesOf(conditions, 'aws:principalarn');
  const arns = isWhole
    ? held?.filter((arn) => !named || isOf(arn, named))
    : [own].filter((arn) => !held || held.some((pattern) => isPrincipalOf(pattern, arn)));
  // Held to principals of which none is its own, it is nobody.
  if (arns?.length === 0) return [];
  const accounts = accountsOf(named, arns, conditions);
  if (accounts === undefined) return [{ ...asked, ...(arns && { principals: arns }) }];
  return accounts.map((accountId) => {
    const principals = arns?.filter((arn) => isOf(arn, accountId));
    // `arn:aws:iam::222222222222:*` narrows nothing.
    const isWide = principals?.some((arn) => covers(arn, wholeAccount(arn, accountId))) ?? true;
    return { accountId, ...asked, ...(!isWide && principals && { principals }) };
  });
}

/** Whatever the partition. */
function wholeAccount(arn: string, accountId: string): string {
  return `arn:${arn.split(':')[1]}:iam::${accountId}:*`;
}

/** Of a session aws:PrincipalArn is its role, whose path the session's ARN does not tell. */
function isPrincipalOf(pattern: string, arn: string): boolean {
  const role = roleOfSession(arn);
  return role ? commonText(pattern, role) !== undefined : matches(pattern, arn);
}

/** Undefined: any account. */
function accountsOf(
  named: string | undefined,
  arns: readonly string[] | undefined,
  conditions: readonly ReadCondition[],
): readonly string[] | undefined {
  const ofCondition = valuesOf(conditions, 'aws:principalaccount');
  if (named) return !ofCondition || ofCondition.some((value) => matches(value, named)) ? [named] : [];
  const exact = ofCondition?.filter((value) => /^\d{12}$/.test(value));
  if (exact && exact.length === ofCondition?.length) return exact;
  const ofArns = arns?.map((arn) => accountOf(arn));
  return ofArns?.every((account) => account !== undefined) ? [...new Set(ofArns)] : undefined;
}

function isOf(arn: string, accountId: string): boolean {
  const account = arn.split(':')[4];
  return account === undefined || matches(account, accountId);
}

/** What a key is held to. A negated operator, or one that passes when the key is absent, holds it to nothing. */
export function valuesOf(conditions: readonly ReadCondition[], key: string): readonly string[] | undefined {
  return conditionOn(conditions, key)?.values;
}

function conditionOn(conditions: readonly ReadCondition[], key: string): ReadCondition | undefined {
  return conditions.find((condition) => condition.key === key && holding.has(condition.operator));
}

export function isWeighed(condition: ReadCondition, all: readonly ReadCondition[]): boolean {
  return weighedKeys.has(condition.key) && conditionOn(all, condition.key) === condition;
}

const weighedKeys = new Set([
  'aws:principalorgid',
  'aws:principalarn',
  'aws:principalaccount',
  'sts:externalid',
]);

/** Not StringEqualsIgnoreCase: what it lets in is not told by comparing letters, so it is shown and not weighed. */
const holding = new Set([
  'StringEquals',
  'StringLike',
  'ArnEquals',
  'ArnLike',
  'ForAnyValue:StringEquals',
  'ForAnyValue:StringLike',
]);
