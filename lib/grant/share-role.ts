/** The share role in IAM. Every step may be repeated, and repairs a half-made one. */

import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  type Tag,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import type { GrantRecord, PolicySlot } from './grant.ts';
import type { PolicyDocument } from './policy-document.ts';

export interface ShareRole {
  /** Creates the role, or adopts the one an earlier attempt left; answers its unique id. Throws RoleNotOurs. */
  ensure(record: GrantRecord, trust: PolicyDocument): Promise<{ id: string }>;
  /** False when there is no role. */
  putTrust(record: Named, trust: PolicyDocument): Promise<boolean>;
  putPolicy(record: Named, name: PolicySlot | 'deny', document: PolicyDocument): Promise<boolean>;
  dropPolicy(record: Named, name: string): Promise<void>;
  /** Policies of any kind, then the role. */
  remove(record: Named): Promise<void>;
  /** Boundary, tags and session length as they were made; nothing when there is no role. */
  restoreFrame(record: GrantRecord): Promise<void>;
  /** Without it the broker may not change a role. */
  putBoundary(record: Named): Promise<boolean>;
  dropAttached(record: Named, policyArn: string): Promise<void>;
}

/** All that most steps need to know of a grant. */
type Named = Pick<GrantRecord, 'role'>;

/** The name is taken by a role that does not carry the grant's tag. */
export class RoleNotOurs extends Error {
  override readonly name = 'RoleNotOurs';
}

export const sessionSecondsMax = 3600;
export const grantTag = 'sharemaker:grant';

export function tagsOf(record: Pick<GrantRecord, 'id' | 'child' | 'endpoint'>): Record<string, string> {
  return {
    [grantTag]: record.id,
    'sharemaker:child': record.child.accountId,
    'sharemaker:endpoint': record.endpoint.name,
  };
}

export function connectShareRole(iam: IAMClient, boundaryArn: string): ShareRole {
  const create = async (record: GrantRecord, trust: PolicyDocument) => {
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: record.role.name,
        Path: `/sharemaker/${record.child.accountId}/`,
        AssumeRolePolicyDocument: JSON.stringify(trust),
        PermissionsBoundary: boundaryArn,
        MaxSessionDuration: sessionSecondsMax,
        Description: descriptionOf(record),
        Tags: tagList(record),
      }),
    );
    return Role?.RoleId ?? '';
  };

  const putBoundary = ({ role: { name: RoleName } }: Named) =>
    unlessMissing(
      iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: boundaryArn })),
    );

  /** Our own policy lets us change roles within the boundary only: where somebody took it off, it is put back first. */
  const withinBoundary = async (record: Named, change: () => Promise<unknown>): Promise<boolean> => {
    try {
      return await unlessMissing(change());
    } catch (error) {
      if (!isNamed(error, 'AccessDenied') && !isNamed(error, 'AccessDeniedException')) throw error;
      return (await putBoundary(record)) && unlessMissing(change());
    }
  };

  const putTrust = (record: Named, trust: PolicyDocument) => {
    const input = { RoleName: record.role.name, PolicyDocument: JSON.stringify(trust) };
    return withinBoundary(record, () => iam.send(new UpdateAssumeRolePolicyCommand(input)));
  };

  /** Of an earlier attempt whose answer was lost; a role of somebody else is left alone. */
  const adopt = async (record: GrantRecord, trust: PolicyDocument) => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: record.role.name }));
    const isOurs =
      Role?.Arn === record.role.arn &&
      Role.Tags?.some(({ Key, Value }) => Key === grantTag && Value === record.id);
    if (!isOurs)
      throw new RoleNotOurs(`A role named ${record.role.name} exists that Sharemaker did not make.`);
    if (Role.PermissionsBoundary?.PermissionsBoundaryArn !== boundaryArn) await putBoundary(record);
    await putTrust(record, trust);
    return Role.RoleId ?? '';
  };

  const dropPolicy = async (record: Named, name: string) => {
    await unlessMissing(
      iam.send(new DeleteRolePolicyCommand({ RoleName: record.role.name, PolicyName: name })),
    );
  };

  const dropAttached = async (record: Named, policyArn: string) => {
    await unlessMissing(
      iam.send(new DetachRolePolicyCommand({ RoleName: record.role.name, PolicyArn: policyArn })),
    );
  };

  return {
    putTrust,
    putBoundary,
    dropPolicy,
    dropAttached,

    async ensure(record, trust) {
      if (record.role.id && (await putTrust(record, trust))) return { id: record.role.id };
      try {
        return { id: await create(record, trust) };
      } catch (error) {
        if (!isNamed(error, 'EntityAlreadyExistsException')) throw error;
        return { id: await adopt(record, trust) };
      }
    },

    putPolicy(record, name, document) {
      const input = {
        RoleName: record.role.name,
        PolicyName: name,
        PolicyDocument: JSON.stringify(document),
      };
      return withinBoundary(record, () => iam.send(new PutRolePolicyCommand(input)));
    },

    async remove(record) {
      const RoleName = record.role.name;
      for (const name of await inlinePolicies(iam, RoleName)) await dropPolicy(record, name);
      for (const arn of await attachedPolicies(iam, RoleName)) await dropAttached(record, arn);
      await unlessMissing(iam.send(new DeleteRoleCommand({ RoleName })));
    },

    async restoreFrame(record) {
      const RoleName = record.role.name;
      if (!(await putBoundary(record))) return;
      await iam.send(new TagRoleCommand({ RoleName, Tags: tagList(record) }));
      // Both, because AWS does not say whether an omitted description is kept.
      await iam.send(
        new UpdateRoleCommand({
          RoleName,
          MaxSessionDuration: sessionSecondsMax,
          Description: descriptionOf(record),
        }),
      );
    },
  };
}

async function inlinePolicies(iam: IAMClient, RoleName: string): Promise<string[]> {
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await emptyWhenMissing(
      iam.send(new ListRolePoliciesCommand({ RoleName, ...(Marker && { Marker }) })),
    );
    names.push(...(page?.PolicyNames ?? []));
    Marker = page?.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  // The deny goes last: until then no session gets through.
  return names.sort((a, b) => Number(a === 'deny') - Number(b === 'deny'));
}

async function attachedPolicies(iam: IAMClient, RoleName: string): Promise<string[]> {
  const arns: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await emptyWhenMissing(
      iam.send(new ListAttachedRolePoliciesCommand({ RoleName, ...(Marker && { Marker }) })),
    );
    arns.push(...(page?.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []));
    Marker = page?.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  return arns;
}

function tagList(record: GrantRecord): Tag[] {
  return Object.entries(tagsOf(record)).map(([Key, Value]) => ({ Key, Value }));
}

function descriptionOf(record: GrantRecord): string {
  return `Sharemaker grant ${record.id}: account ${record.child.accountId} may invoke ${record.endpoint.name}. Managed; do not edit.`;
}

async function unlessMissing(call: Promise<unknown>): Promise<boolean> {
  return (await emptyWhenMissing(call)) !== undefined;
}

async function emptyWhenMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNamed(error, 'NoSuchEntityException')) return undefined;
    throw error;
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
