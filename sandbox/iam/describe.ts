/** Entities as IAM's answers show them. */

import { encodePolicy } from './documents.ts';
import { findPolicy } from './managed-policy.ts';
import { xmlTime } from './query-protocol.ts';
import type { Group, IamState, ManagedPolicy, Role, StoredPolicy, Tags, User } from './state.ts';
import { shownTrust } from './trust-principals.ts';
import type { XmlMembers } from './xml.ts';

/** As in ListRoles, which "does not return the following attributes": tags, boundary, last use. */
export function describeRole(role: Role, state: IamState): XmlMembers {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: xmlTime(role.createdAt),
    AssumeRolePolicyDocument: encodePolicy(shownTrust(role.trust, state)),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
  };
}

/** As in GetRole. */
export function describeRoleFully(role: Role, state: IamState): XmlMembers {
  return {
    ...describeRole(role, state),
    PermissionsBoundary: describeBoundary(role.boundaryArn),
    Tags: role.tags.size > 0 ? describeTags(role.tags) : undefined,
    RoleLastUsed: describeLastUsed(role, state),
  };
}

/** "The trailing 400 days"; empty for a role that was never used. */
export function describeLastUsed(role: Role, { lastUsed, clock }: IamState): XmlMembers {
  const use = lastUsed.of(role.id);
  if (!use || use.at < clock.now() - 400 * 86_400_000) return {};
  return { LastUsedDate: xmlTime(use.at), Region: use.region };
}

export function describeUser(user: User): XmlMembers {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: user.arn,
    CreateDate: xmlTime(user.createdAt),
  };
}

export function describeUserFully(user: User): XmlMembers {
  return {
    ...describeUser(user),
    PermissionsBoundary: describeBoundary(user.boundaryArn),
    Tags: user.tags.size > 0 ? describeTags(user.tags) : undefined,
  };
}

export function describeGroup(group: Group): XmlMembers {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.id,
    Arn: group.arn,
    CreateDate: xmlTime(group.createdAt),
  };
}

export function describeBoundary(arn: string | undefined): XmlMembers | undefined {
  return arn === undefined ? undefined : { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: arn };
}

export function describeTags(tags: Tags): XmlMembers[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

export function describeInline(inline: ReadonlyMap<string, StoredPolicy>): XmlMembers[] {
  return [...inline].map(([PolicyName, { text }]) => ({ PolicyName, PolicyDocument: encodePolicy(text) }));
}

export function describeAttached(arns: readonly string[], state: IamState): XmlMembers[] {
  return arns.map((PolicyArn) => ({
    PolicyName: findPolicy(state, PolicyArn)?.name ?? PolicyArn.split('/').at(-1),
    PolicyArn,
  }));
}

export function describePolicy(
  policy: ManagedPolicy,
  { policies = 0, boundaries = 0 }: { readonly policies?: number; readonly boundaries?: number } = {},
): XmlMembers {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: policies,
    PermissionsBoundaryUsageCount: boundaries,
    IsAttachable: true,
    Description: policy.description,
    CreateDate: xmlTime(policy.createdAt),
    UpdateDate: xmlTime(policy.updatedAt),
  };
}
