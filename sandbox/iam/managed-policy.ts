/** Finding managed policies, the customer's and AWS's own. */

import type { PolicyDocument } from '../policy/document.ts';
import { awsManagedPolicies } from './aws-managed-policies.ts';
import { noSuchEntity } from './faults.ts';
import type { IamState, ManagedPolicy } from './state.ts';

/** As the IAM API reads. */
export function findPolicy(state: IamState, arn: string): ManagedPolicy | undefined {
  return awsManagedPolicies.get(arn) ?? state.accounts.get(accountOf(arn))?.policies.get(arn);
}

/** A policy that the account may use: its own or AWS's. @throws AwsFault NoSuchEntity */
export function needAttachable(state: IamState, accountId: string, arn: string): ManagedPolicy {
  const policy = isUsable(accountId, arn) ? findPolicy(state, arn) : undefined;
  if (!policy) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
  return policy;
}

export function isUsable(accountId: string, arn: string): boolean {
  return accountOf(arn) === accountId || awsManagedPolicies.has(arn);
}

/** The document in force, as authorization sees it. */
export function visibleDocument(state: IamState, arn: string): PolicyDocument | undefined {
  const policy = awsManagedPolicies.get(arn) ?? state.accounts.get(accountOf(arn))?.policies.visible(arn);
  return policy?.versions.get(policy.defaultVersionId)?.document;
}

/** `arn:aws:iam::111111111111:policy/path/name` */
export function policyArn(accountId: string, path: string, name: string): string {
  return `arn:aws:iam::${accountId}:policy${path}${name}`;
}

export function attachmentsOf(state: IamState, accountId: string): ReadonlyMap<string, Attachments> {
  const counts = new Map<string, Attachments>();
  const count = (arn: string, as: keyof Attachments) => {
    const before = counts.get(arn) ?? { policies: 0, boundaries: 0 };
    counts.set(arn, { ...before, [as]: before[as] + 1 });
  };
  const { roles, users, groups } = state.account(accountId);
  for (const table of [roles, users, groups])
    for (const entity of table.values()) {
      for (const arn of entity.attached) count(arn, 'policies');
      if (entity.kind !== 'group' && entity.boundaryArn !== undefined)
        count(entity.boundaryArn, 'boundaries');
    }
  return counts;
}

export interface Attachments {
  readonly policies: number;
  readonly boundaries: number;
}

function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}
