/**
 * Principals of trust policies: "when you save the policy … AWS transforms the ARN to a principal ID", and shows
 * the id once the role or user is gone (IAM User Guide, "AWS JSON policy elements: Principal").
 */

import type { OneOrMany, PolicyDocument, PrincipalElement, Statement } from '../policy/document.ts';
import { malformedPolicy } from './faults.ts';
import { findById, type IamState, keyOf } from './state.ts';

/**
 * Roles and users by their unique ids, accounts by their root ARNs.
 * A role or user that is not visible yet does not exist for this.
 * @throws AwsFault MalformedPolicyDocument `Invalid principal in policy: "AWS":"…"`
 */
export function storedTrust(document: PolicyDocument, state: IamState): PolicyDocument {
  return mapPrincipals(document, (principal) => {
    const stored = storedPrincipal(principal, state);
    if (stored === undefined) throw malformedPolicy(`Invalid principal in policy: "AWS":"${principal}"`);
    return stored;
  });
}

/** The document as the IAM API shows it now. */
export function shownTrust(document: PolicyDocument, state: IamState): string {
  return JSON.stringify(
    mapPrincipals(document, (principal) =>
      /^A(ROA|IDA)/.test(principal) ? (findById(state, principal)?.arn ?? principal) : principal,
    ),
  );
}

function storedPrincipal(principal: string, state: IamState): string | undefined {
  if (/^\d{12}$/.test(principal)) return `arn:aws:iam::${principal}:root`;
  if (/^A(ROA|IDA)/.test(principal)) return findById(state, principal) ? principal : undefined;
  const match = /^arn:aws:iam::(\d{12}):(role|user)\/(?:.*\/)?([^/]+)$/.exec(principal);
  if (!match) return principal;
  const [, accountId = '', kind, name = ''] = match;
  const account = state.accounts.get(accountId);
  const table = kind === 'role' ? account?.roles : account?.users;
  const entity = table?.visible(keyOf(name));
  return entity?.arn === principal ? entity.id : undefined;
}

function mapPrincipals(document: PolicyDocument, map: (principal: string) => string): PolicyDocument {
  const statement = mapOneOrMany(document.Statement, (each: Statement) => ({
    ...each,
    ...(each.Principal !== undefined && { Principal: mapElement(each.Principal, map) }),
    ...(each.NotPrincipal !== undefined && { NotPrincipal: mapElement(each.NotPrincipal, map) }),
  }));
  return { ...document, Statement: statement };
}

function mapElement(element: PrincipalElement, map: (principal: string) => string): PrincipalElement {
  if (element === '*' || element.AWS === undefined) return element;
  return { ...element, AWS: mapOneOrMany(element.AWS, map) };
}

function mapOneOrMany<T>(value: OneOrMany<T>, map: (each: T) => T): OneOrMany<T> {
  return Array.isArray(value) ? value.map(map) : map(value as T);
}
