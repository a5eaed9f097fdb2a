/** Who outside the account may assume a role, by its trust policy. Pure. */

import {
  accountOf,
  isUniqueId,
  type ReadCondition,
  type ReadDocument,
  type ReadStatement,
} from './policy-language.ts';
import { covers, matches } from './wildcards.ts';

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
}

const assume = 'sts:assumerole';

/** Empty when nobody outside gets in. `now` in epoch milliseconds: a date in the past shuts a statement. */
export function outsidersOf(trust: ReadDocument | undefined, ownAccountId: string, now: number): Outsider[] {
  const statements = trust?.statements ?? [];
  const closed = statements.filter((statement) => isDenyInForce(statement, now) && concernsAssume(statement));
  return statements
    .filter((statement) => statement.effect === 'Allow' && concernsAssume(statement))
    .filter(({ conditions }) => !isOver(untilOf(conditions), now))
    .flatMap((statement) => ways(statement, ownAccountId, closed));
}

/** The earliest date at which the conditions end, ISO 8601. */
export function untilOf(conditions: readonly ReadCondition[]): string | undefined {
  return conditions
    .filter(({ operator, key }) => /^DateLessThan(?:Equals)?$/.test(operator) && key === 'aws:currenttime')
    .flatMap(({ values }) => values)
    .sort()[0];
}

/** A deny that holds whoever calls: without conditions, or with none but a date that has come. */
export function isDenyInForce({ effect, conditions }: ReadStatement, now: number): boolean {
  return (
    effect === 'Deny' &&
    conditions.every(
      ({ operator, key, values }) =>
        /^DateGreaterThan(?:Equals)?$/.test(operator) &&
        key === 'aws:currenttime' &&
        values.some((value) => Date.parse(value) <= now),
    )
  );
}

export function isOver(until: string | undefined, now: number): boolean {
  return until !== undefined && Date.parse(until) <= now;
}

function concernsAssume({ actions, notActions }: Pick<ReadStatement, 'actions' | 'notActions'>): boolean {
  if (actions) return actions.some((action) => matches(action, assume));
  return notActions !== undefined && !notActions.some((action) => matches(action, assume));
}

function ways(statement: ReadStatement, ownAccountId: string, closed: readonly ReadStatement[]): Outsider[] {
  // Allow with NotPrincipal means everybody else.
  const principals = statement.notPrincipals ? ['AWS:*'] : (statement.principals ?? []);
  return principals
    .filter((principal) => principal.startsWith('AWS:') && !isUniqueId(principal))
    .filter((principal) => !closed.some((deny) => isShut(deny, principal)))
    .flatMap((principal) => narrowed(principal, statement.conditions))
    .filter(({ accountId }) => accountId !== ownAccountId)
    .filter(({ accountId }) => !accountId || !closed.some((deny) => isShut(deny, `AWS:${accountId}`)));
}

function isShut(deny: ReadStatement, principal: string): boolean {
  const account = accountOf(principal);
  if (deny.notPrincipals) return !deny.notPrincipals.includes(principal);
  return Boolean(
    deny.principals?.some((shut) => shut === 'AWS:*' || shut === principal || shut === `AWS:${account}`),
  );
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
  };
  const named = accountOf(principal);
  const own = principal.slice('AWS:'.length);
  const isWhole = own === '*' || own === named;
  const held = valuesOf(conditions, 'aws:principalarn');
  const arns = isWhole
    ? held?.filter((arn) => !named || isOf(arn, named))
    : [own].filter((arn) => !held || held.some((pattern) => matches(pattern, arn)));
  // Held to principals of which none is its own, it is nobody.
  if (arns?.length === 0) return [];
  const accounts = accountsOf(named, arns, conditions);
  if (accounts === undefined) return [{ ...asked, ...(arns && { principals: arns }) }];
  return accounts.map((accountId) => {
    const principals = arns?.filter((arn) => isOf(arn, accountId));
    // `arn:aws:iam::222222222222:*` narrows nothing.
    const isWide = principals?.some((arn) => covers(arn, `arn:aws:iam::${accountId}:*`)) ?? true;
    return { accountId, ...asked, ...(!isWide && principals && { principals }) };
  });
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
function valuesOf(conditions: readonly ReadCondition[], key: string): readonly string[] | undefined {
  return conditions.find((condition) => condition.key === key && holding.has(condition.operator))?.values;
}

const holding = new Set([
  'StringEquals',
  'StringEqualsIgnoreCase',
  'StringLike',
  'ArnEquals',
  'ArnLike',
  'ForAnyValue:StringEquals',
  'ForAnyValue:StringLike',
]);
