import type { Caller } from '../types.ts';
import type { PrincipalElement } from './document.ts';

export type Principal = Pick<Caller, 'type' | 'accountId' | 'arn' | 'principalArn' | 'userId'>;

/**
 * How a resource-based policy names its caller, which decides what else limits the grant ("Policy evaluation
 * logic", "Resource-based policies"; "AWS JSON policy elements: Principal"):
 * - `direct`: the user, the session itself, or everyone. No boundary or session policy limits it.
 * - `role`: the role behind a session. Its boundary and session policies limit it.
 * - `account`: the account, which then decides by its own identity-based policies.
 */
export type Naming = 'direct' | 'role' | 'account';

/**
 * The strongest way in which the element names the caller, if it does. Services and federated identities are
 * never callers here, so such principals name nobody.
 */
export function namingOf(element: PrincipalElement, caller: Principal): Naming | undefined {
  return strongest(awsPrincipals(element).map((principal) => nameOne(principal, caller)));
}

export function strongest(namings: readonly (Naming | undefined)[]): Naming | undefined {
  return strengths.find((strength) => namings.includes(strength));
}

/**
 * Whether a NotPrincipal leaves the caller out of a Deny. AWS may check the account, then the role, then the
 * session, so each of them has to be listed ("AWS JSON policy elements: NotPrincipal").
 */
export function isExemptByNotPrincipal(element: PrincipalElement, caller: Principal): boolean {
  const listed = awsPrincipals(element);
  if (listed.includes('*')) return true;
  const names = [listed.some((principal) => accountOf(principal) === caller.accountId)];
  if (caller.type !== 'Account') {
    names.push(listed.includes(caller.principalArn) || listed.includes(uniqueIdOf(caller)));
  }
  if (caller.type === 'AssumedRole') names.push(listed.includes(caller.arn));
  return names.every(Boolean);
}

const strengths: readonly Naming[] = ['direct', 'role', 'account'];

function awsPrincipals(element: PrincipalElement): readonly string[] {
  return element === '*' ? ['*'] : [element.AWS ?? []].flat();
}

function nameOne(principal: string, caller: Principal): Naming | undefined {
  if (principal === '*' || principal === caller.arn) return 'direct';
  if (principal === caller.principalArn || principal === uniqueIdOf(caller)) {
    return caller.type === 'AssumedRole' ? 'role' : 'direct';
  }
  if (accountOf(principal) !== caller.accountId) return undefined;
  return caller.type === 'Account' ? 'direct' : 'account';
}

/** `AIDA…` or `AROA…`: what IAM stores in place of an ARN; a session's user id has its name after a colon. */
function uniqueIdOf(caller: Principal): string {
  return caller.userId.split(':')[0] ?? '';
}

/** Twelve digits are short for the account's root ARN. */
function accountOf(principal: string): string | undefined {
  if (/^\d{12}$/.test(principal)) return principal;
  return /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(principal)?.[1];
}
