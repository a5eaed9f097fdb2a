/** Whether a role may assume another of its account, by its own policies and the other's trust policy. Pure. */

import { type Holding, type HoldingSurroundings, holdingAbout, holdingKey } from './holding.ts';
import type { AccountRole } from './inventory.ts';
import { concerns, isAllowInForce, isBeginning, isEnd, untilOf, valuesOf } from './outsiders.ts';
import {
  accountOf,
  conditionWords,
  type ReadCondition,
  type ReadDocument,
  type ReadStatement,
  sessionRoleName,
} from './policy-language.ts';
import { covers, matches, withoutVariables } from './wildcards.ts';

/** What one role says about assuming others and being assumed; everything else is left out. */
export interface LinkRole {
  readonly arn: string;
  readonly name: string;
  readonly accountId: string;
  /** Whom its trust policy lets in from its own account. */
  readonly welcomes: readonly Welcome[];
  readonly held: Holding;
}

/** One principal of one statement, and what the rest of the trust policy takes from it. */
export interface Welcome {
  /** `AWS:` and the ARN of a role or session, the own account, or `*`. */
  readonly principal: string;
  /** ARNs of roles, or patterns of them: no others. */
  readonly heldTo?: readonly string[] | undefined;
  /** Lines for people: conditions that nobody can weigh beforehand. */
  readonly asks: readonly string[];
  readonly denies: readonly ReadStatement[];
}

/** How a welcome lets a role in: which of the role's own policies must allow as well. */
export interface Entering {
  readonly identity: boolean;
  readonly boundary: boolean;
  readonly asks: readonly string[];
}

const assume = 'sts:assumerole';

/** Whether a managed policy says anything about assuming roles, allowed or denied. */
export function concernsAssuming({ statements }: ReadDocument): boolean {
  return statements.some(isAboutAssuming);
}

export function linkRole(
  role: AccountRole,
  around: HoldingSurroundings & { readonly accountId: string },
): LinkRole {
  const { accountId, now } = around;
  const trust = (role.trust?.statements ?? []).filter(isAboutAssuming);
  const denies = trust.filter((one) => one.effect === 'Deny' && mayHoldNow(one, now));
  const held = holdingAbout(role, around, isAboutAssuming);
  return {
    arn: role.arn,
    name: role.name,
    accountId,
    welcomes: trust
      .filter((statement) => isAllowInForce(statement, now))
      .flatMap((statement) => welcomesOf(statement, accountId, denies)),
    held: {
      ...held,
      policies: held.policies.filter(({ statement }) => isMeetable(statement)),
      bound: held.bound.filter(isMeetable),
      conditional: held.conditional.filter((one) => mayHoldNow(one, now)),
    },
  };
}

function welcomesOf(
  statement: ReadStatement,
  accountId: string,
  denies: readonly ReadStatement[],
): Welcome[] {
  const { principals = [], notPrincipals, conditions } = statement;
  const accounts = valuesOf(conditions, 'aws:principalaccount')?.map(withoutVariables);
  if (!isMeetable(statement) || accounts?.every((pattern) => !matches(pattern, accountId))) return [];
  const heldTo = valuesOf(conditions, 'aws:principalarn')?.map(withoutVariables);
  // Allow with NotPrincipal means everybody else.
  return (notPrincipals ? ['AWS:*'] : principals)
    .filter((principal) => principal === 'AWS:*' || accountOf(principal) === accountId)
    .filter(
      (principal) =>
        !denies.some((deny) => deny.conditions.every(isDate) && deny.principals?.includes(principal)),
    )
    .map((principal) => ({ principal, heldTo, asks: asksOf(conditions), denies }));
}

/**
 * Undefined: the welcome is not for this role. IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements:
 * Principal": whom a trust policy names need not be allowed by policies of their own; where it names the account, those decide.
 */
export function enters(from: LinkRole, { principal, heldTo, asks, denies }: Welcome): Entering | undefined {
  const needed = neededFor(principal, from);
  if (!needed || (heldTo && !heldTo.some((pattern) => matches(pattern, from.arn)))) return undefined;
  const denial = denialOf(
    denies.filter((deny) => isShutOut(deny, from)),
    from,
  );
  return denial.isSure ? undefined : { ...needed, asks: [...asks, ...denial.unless] };
}

/** Undefined: it may not. Otherwise lines that say under which conditions, as few as possible. */
export function mayAssume(from: LinkRole, to: LinkRole, entering: Entering): readonly string[] | undefined {
  const { policies, bound, denied, conditional } = from.held;
  const isAboutIt = (statement: ReadStatement) => isAbout(statement, to.arn);
  if (denied.some(isAboutIt)) return undefined;
  const denial = denialOf(conditional.filter(isAboutIt), from);
  if (denial.isSure) return undefined;
  const statements = policies.map(({ statement }) => statement);
  const allows = entering.identity ? fewestAsks(statements.filter(isAboutIt)) : [];
  const bounds = entering.boundary ? fewestAsks(bound.filter(isAboutIt)) : [];
  return allows && bounds && [...entering.asks, ...allows, ...bounds, ...denial.unless];
}

/** Whether its own policies let it assume every role that welcomes it, but for those that a deny takes out. */
export function mayAssumeAny({ held, arn, accountId }: LinkRole, { identity, boundary }: Entering): boolean {
  const all = `arn:${arn.split(':')[1]}:iam::${accountId}:role/*`;
  const isForAll = ({ resources }: ReadStatement) =>
    resources?.some((pattern) => covers(pattern, all)) ?? false;
  return (
    (!identity || held.policies.some(({ statement }) => isForAll(statement))) &&
    (!boundary || held.bound.some(isForAll))
  );
}

/** Whether there is a condition on every way in that begins with these. */
export function alwaysAsks({ held }: LinkRole, { identity, asks }: Entering): boolean {
  return (
    asks.length > 0 ||
    (identity && held.policies.every(({ statement }) => asksOf(statement.conditions).length > 0))
  );
}

/** Equal for roles that may assume the same others, where these welcome them alike. */
export function rightsOf({ arn, held }: LinkRole): string {
  // Denies may be held to who calls.
  return holdingKey(held) + (held.conditional.length > 0 ? arn : '');
}

/** The ARNs of all roles that its own policies let it assume; undefined where they are patterns. */
export function rolesNamed({ held }: LinkRole): readonly string[] | undefined {
  const resources = held.policies.map(({ statement }) => statement.resources);
  const isLiteral = (patterns: readonly string[] | undefined) =>
    patterns?.every((pattern) => !/[*?]/.test(withoutVariables(pattern))) ?? false;
  return resources.every(isLiteral) ? resources.flatMap((patterns) => patterns ?? []) : undefined;
}

/** Which of the caller's own policies must allow as well, when this principal is the one that is trusted. */
function neededFor(
  principal: string,
  { arn, name, accountId }: LinkRole,
): Omit<Entering, 'asks'> | undefined {
  if (principal === `AWS:${accountId}`) return { identity: true, boundary: true };
  if (principal === `AWS:${arn}`) return { identity: false, boundary: true };
  // Whoever takes a session of the role names it.
  const isFree = principal === 'AWS:*' || sessionRoleName(principal) === name;
  return isFree ? { identity: false, boundary: false } : undefined;
}

/** Every session of the role, unless conditions say otherwise; a deny of one session leaves the others. */
function isShutOut(
  { principals, notPrincipals }: ReadStatement,
  { arn, name, accountId }: LinkRole,
): boolean {
  const names = (principal: string) => ['AWS:*', `AWS:${accountId}`, `AWS:${arn}`].includes(principal);
  // AWS: with NotPrincipal, the account, the role and the session may each have to be spared. Any of them is taken to suffice.
  if (notPrincipals)
    return !notPrincipals.some((principal) => names(principal) || sessionRoleName(principal) === name);
  return principals?.some(names) ?? false;
}

/** Whether denies hold for a session of the role; lines for people where nobody can know beforehand. */
function denialOf(
  denies: readonly ReadStatement[],
  from: LinkRole,
): { readonly isSure: boolean; readonly unless: readonly string[] } {
  const open = denies
    .map(({ conditions }) => conditions.filter((condition) => !isDate(condition)))
    .map((conditions) => conditions.map((one) => ({ one, holds: isHeldBy(one, from) })))
    .filter((conditions) => conditions.every(({ holds }) => holds !== false))
    .map((conditions) => conditions.filter(({ holds }) => holds === undefined));
  return {
    isSure: open.some((conditions) => conditions.length === 0),
    unless: open.flatMap((conditions) => conditions.map(({ one }) => `Unless: ${conditionWords(one)}`)),
  };
}

/** A condition on who calls. Undefined: it is on something else, or in words that are not weighed. */
function isHeldBy({ operator, key, values }: ReadCondition, from: LinkRole): boolean | undefined {
  const actual = { 'aws:principalarn': from.arn, 'aws:principalaccount': from.accountId }[key];
  const [, not] = /^(?:Arn|String)(Not)?(?:Like|Equals)(?:IfExists)?$/.exec(operator) ?? [undefined, null];
  if (actual === undefined || not === null || values.some((value) => value.includes('${'))) return undefined;
  return values.some((value) => matches(value, actual)) !== (not !== undefined);
}

function fewestAsks(statements: readonly ReadStatement[]): readonly string[] | undefined {
  return statements.map(({ conditions }) => asksOf(conditions)).sort(shorterFirst)[0];
}

function shorterFirst(a: readonly string[], b: readonly string[]): number {
  return a.length - b.length || (a.join() < b.join() ? -1 : 1);
}

/** Not dates, which are weighed, nor who calls; external ids are never shown. */
function asksOf(conditions: readonly ReadCondition[]): string[] {
  return conditions
    .filter((condition) => !isDate(condition) && !isWhoCalls(condition, conditions))
    .map((one) =>
      one.key === 'sts:externalid'
        ? 'Only if: an external id is known that a role on the way asks for'
        : `Only if: ${conditionWords(one)}`,
    );
}

function isWhoCalls({ key }: ReadCondition, conditions: readonly ReadCondition[]): boolean {
  return (
    (key === 'aws:principalarn' || key === 'aws:principalaccount') && valuesOf(conditions, key) !== undefined
  );
}

/**
 * Conditions that no session of a role meets. IAM User Guide, "Secure API access with MFA": what AssumeRole answers says
 * nothing of MFA to whom it is shown next.
 */
function isMeetable({ conditions }: ReadStatement): boolean {
  return !conditions.some(
    ({ operator, key, values }) =>
      operator === 'Bool' &&
      (key === 'aws:multifactorauthpresent' || key === 'aws:principalisawsservice') &&
      values.every((value) => value.toLowerCase() === 'true'),
  );
}

/** What its dates say; other conditions are not looked at. */
function mayHoldNow({ conditions }: ReadStatement, now: number): boolean {
  const until = untilOf(conditions);
  const hasBegun = conditions
    .filter(isBeginning)
    .every(({ values }) => values.some((value) => Date.parse(value) <= now));
  return hasBegun && (until === undefined || Date.parse(until) > now);
}

function isDate(condition: ReadCondition): boolean {
  return isEnd(condition) || isBeginning(condition);
}

function isAboutAssuming(statement: ReadStatement): boolean {
  return concerns(statement, assume);
}

/** Of a statement about assuming roles. What a variable will stand for is not known: where that leaves a door open, it is open. */
function isAbout({ effect, resources, notResources }: ReadStatement, arn: string): boolean {
  const isAllow = effect === 'Allow';
  const takesIn = (pattern: string) => matches(isAllow ? withoutVariables(pattern) : pattern, arn);
  const leavesOut = (pattern: string) => matches(isAllow ? pattern : withoutVariables(pattern), arn);
  if (resources) return resources.some(takesIn);
  return !notResources?.some(leavesOut);
}
