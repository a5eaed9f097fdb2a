/** Whether a role may assume another of its account, by its own policies and the other's trust policy. Pure. */

import { actionPattern, type Holding, type HoldingSurroundings, holdingOf } from './holding.ts';
import type { AccountRole } from './inventory.ts';
import { isAllowInForce, isDenyInForce, isEnd, isWeighed, valuesOf } from './outsiders.ts';
import {
  accountOf,
  type ReadCondition,
  type ReadDocument,
  type ReadStatement,
  roleOfSession,
} from './policy-language.ts';
import { matches } from './wildcards.ts';

/** What one role says about assuming others and being assumed; everything else is left out. */
export interface LinkRole {
  readonly arn: string;
  readonly name: string;
  readonly accountId: string;
  /** Whom its trust policy lets in from its own account. */
  readonly welcomes: readonly Welcome[];
  /** Whom its trust policy shuts out. */
  readonly shut: readonly ReadStatement[];
  readonly held: Pick<Holding, 'policies' | 'bound' | 'denied'>;
}

/** One principal of one statement. */
export interface Welcome {
  /** `AWS:` and the ARN of a role or session, the own account, or `*`. */
  readonly principal: string;
  /** ARNs of roles, or patterns of them: no others. */
  readonly heldTo?: readonly string[] | undefined;
  /** Conditions that nobody can weigh beforehand. */
  readonly unweighed: readonly ReadCondition[];
}

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
  const shut = trust.filter((statement) => isDenyInForce(statement, now));
  const { policies, bound, denied } = holdingOf(role, around);
  return {
    arn: role.arn,
    name: role.name,
    accountId,
    welcomes: trust
      .filter((statement) => isAllowInForce(statement, now))
      .flatMap(({ principals = [], notPrincipals, conditions }) =>
        // Allow with NotPrincipal means everybody else.
        (notPrincipals ? ['AWS:*'] : principals)
          .filter((principal) => principal === 'AWS:*' || accountOf(principal) === accountId)
          .filter(() => isForOwn(conditions, accountId))
          .filter((principal) => !shut.some((deny) => deny.principals?.includes(principal)))
          .map((principal) => ({
            principal,
            heldTo: valuesOf(conditions, 'aws:principalarn'),
            unweighed: conditions.filter((one) => !isEnd(one) && !isWeighed(one, conditions)),
          })),
      ),
    shut,
    held: {
      policies: policies.filter(({ statement }) => isAboutAssuming(statement)),
      bound: bound.filter(isAboutAssuming),
      denied: denied.filter(isAboutAssuming),
    },
  };
}

/**
 * Undefined: it may not. Otherwise the conditions that nobody can weigh beforehand, as few as possible. IAM User Guide,
 * "Policy evaluation logic" and "IAM JSON policy elements: Principal": whom the trust policy names need not be allowed by
 * policies of their own; where it names the account, the account's policies decide.
 */
export function wayTo(from: LinkRole, to: LinkRole): readonly ReadCondition[] | undefined {
  const { policies, bound, denied } = from.held;
  if (to.shut.some((deny) => isShutOut(deny, from)) || denied.some((deny) => isAbout(deny, to.arn)))
    return undefined;
  const isBound = bound.some((statement) => isAbout(statement, to.arn));
  const allows = policies.filter(({ statement }) => isAbout(statement, to.arn));
  return to.welcomes
    .flatMap(({ principal, heldTo, unweighed }) => {
      const needed = neededFor(principal, from);
      if (!needed || (needed.boundary && !isBound)) return [];
      if (heldTo && !heldTo.some((pattern) => matches(pattern, from.arn))) return [];
      if (!needed.identity) return [unweighed];
      return allows.map(({ statement }) => [
        ...unweighed,
        ...statement.conditions.filter((one) => !isEnd(one)),
      ]);
    })
    .sort((a, b) => a.length - b.length)[0];
}

/** Which of the caller's own policies must allow as well, when this principal is the one that is trusted. */
function neededFor(
  principal: string,
  { arn, name, accountId }: LinkRole,
): { readonly identity: boolean; readonly boundary: boolean } | undefined {
  if (principal === `AWS:${accountId}`) return { identity: true, boundary: true };
  if (principal === `AWS:${arn}`) return { identity: false, boundary: true };
  // Whoever takes a session of the role names it.
  const isFree = principal === 'AWS:*' || roleNameIn(principal) === name;
  return isFree ? { identity: false, boundary: false } : undefined;
}

/** Of a session of the own account; other accounts' are no welcome. */
function roleNameIn(principal: string): string | undefined {
  return roleOfSession(principal.slice('AWS:'.length))?.split('*').at(-1);
}

function isForOwn(conditions: readonly ReadCondition[], accountId: string): boolean {
  return valuesOf(conditions, 'aws:principalaccount')?.some((pattern) => matches(pattern, accountId)) ?? true;
}

/** Every session of the role; a deny of one session leaves the others. */
function isShutOut(
  { principals, notPrincipals }: ReadStatement,
  { arn, name, accountId }: LinkRole,
): boolean {
  const names = (principal: string) => ['AWS:*', `AWS:${accountId}`, `AWS:${arn}`].includes(principal);
  // AWS: with NotPrincipal, the account, the role and the session may each have to be spared. Any of them is taken to suffice.
  if (notPrincipals)
    return !notPrincipals.some((principal) => names(principal) || roleNameIn(principal) === name);
  return principals?.some(names) ?? false;
}

function isAboutAssuming(statement: ReadStatement): boolean {
  return actionPattern(statement, 'sts:assumerole') !== undefined;
}

/** Of a statement about assuming roles. What a variable will stand for is not known: it may be anything. */
function isAbout({ effect, resources, notResources }: ReadStatement, arn: string): boolean {
  const takesIn = (pattern: string) =>
    matches(effect === 'Allow' ? pattern.replace(/\$\{[^}]*\}/g, '*') : pattern, arn);
  if (resources) return resources.some(takesIn);
  return !notResources?.some((pattern) => matches(pattern, arn));
}
