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
  type Role,
  type Tag,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import type { GrantRecord, PolicySlot } from './grant.ts';
import type { PolicyDocument } from './policy-document.ts';

export interface ShareRole {
  /**
   * Creates the role, or adopts the one an earlier attempt left, whose trust is then still to be put; answers its unique id.
   * That may take two changes; `checkpoint` is called before the second. Throws RoleNotOurs.
   */
  ensure(
    record: GrantRecord,
    trust: PolicyDocument,
    checkpoint: () => Promise<void>,
  ): Promise<{ id: string; isNew: boolean }>;
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
type Owned = Pick<GrantRecord, 'id' | 'role'>;

/** The name is taken by a role that does not carry the tags of the grant and of this deployment. */
export class RoleNotOurs extends Error {
  override readonly name = 'RoleNotOurs';
}

export const sessionSecondsMax = 3600;
export const grantTag = 'sharemaker:grant';

export const endpointTag = 'sharemaker:endpoint';
/** Which deployment (stage) made the role: several in one account share the path. */
export const deploymentTag = 'sharemaker:deployment';

export function tagsOf(
  record: Pick<GrantRecord, 'id' | 'child' | 'endpoint'>,
  boundaryArn: string,
): Record<string, string> {
  return {
    [grantTag]: record.id,
    [deploymentTag]: deploymentOf(boundaryArn),
    'sharemaker:child': record.child.accountId,
    [endpointTag]: record.endpoint.name,
  };
}

/** A deployment is known by the name of its boundary: it has that alone, and no other one of the account has it. */
export function deploymentOf(boundaryArn: string): string {
  return boundaryArn.slice(boundaryArn.lastIndexOf('/') + 1);
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
        Tags: tagList(record, boundaryArn),
      }),
    );
    return Role?.RoleId ?? '';
  };

  /** Undefined when there is none. */
  const find = async ({ role }: Named): Promise<Role | undefined> => {
    const found = await unlessMissing(iam.send(new GetRoleCommand({ RoleName: role.name })));
    return found?.Role;
  };

  /** Of an earlier attempt of ours, and not of somebody who took the name. */
  const isOurs = (record: Owned, role: Role) => {
    const has = (key: string, value: string) =>
      Boolean(role.Tags?.some(({ Key, Value }) => Key === key && Value === value));
    // In two deployments of one account the same caller and Idempotency-Key make the same grant id.
    return (
      role.Arn === record.role.arn &&
      has(grantTag, record.id) &&
      has(deploymentTag, deploymentOf(boundaryArn))
    );
  };

  const hasBoundary = (role: Role) => role.PermissionsBoundary?.PermissionsBoundaryArn === boundaryArn;

  /**
   * Answers undefined when the grant's role is not there. IAM names a role that is gone without its path, which our own policy requires:
   * what looks like a refusal may be an absence. Where the role is there, `mend` may remove the reason, and the call is made
   * once more.
   */
  const ifThere = async <T>(
    record: Named,
    call: () => Promise<T>,
    mend = async (_role: Role): Promise<boolean> => false,
  ): Promise<T | undefined> => {
    try {
      return await unlessMissing(call());
    } catch (error) {
      if (!isNamed(error, 'AccessDenied') && !isNamed(error, 'AccessDeniedException')) throw error;
      const role = await find(record);
      // Under another path it is somebody else's role: no grant names it, and the audit judges it like any other of the account.
      if (!role || role.Arn !== record.role.arn) return undefined;
      if (!(await mend(role))) throw error;
      return unlessMissing(call());
    }
  };

  const putBoundary = async (record: Named): Promise<boolean> => {
    const input = { RoleName: record.role.name, PermissionsBoundary: boundaryArn };
    const put = await ifThere(record, () => iam.send(new PutRolePermissionsBoundaryCommand(input)));
    return put !== undefined;
  };

  /** Our own policy lets us change roles within the boundary only: where somebody took it off, it is put back first. */
  const change: OnRole = (record, call) =>
    ifThere(record, call, async (role) => !hasBoundary(role) && (await putBoundary(record)));

  const putTrust = async (record: Named, trust: PolicyDocument): Promise<boolean> => {
    const input = { RoleName: record.role.name, PolicyDocument: JSON.stringify(trust) };
    const put = await change(record, () => iam.send(new UpdateAssumeRolePolicyCommand(input)));
    return put !== undefined;
  };

  const adopt = async (record: GrantRecord, checkpoint: () => Promise<void>): Promise<string> => {
    const role = await find(record);
    // IAM is eventually consistent: it may know the name before it shows the role.
    if (!role) throw new Error('IAM does not show the role yet.');
    if (!isOurs(record, role))
      throw new RoleNotOurs(`A role named ${record.role.name} exists that Sharemaker did not make.`);
    if (!hasBoundary(role)) {
      await checkpoint();
      await putBoundary(record);
    }
    return role.RoleId ?? '';
  };

  const dropPolicy = async (record: Named, PolicyName: string) => {
    const input = { RoleName: record.role.name, PolicyName };
    await ifThere(record, () => iam.send(new DeleteRolePolicyCommand(input)));
  };

  const dropAttached = async (record: Named, PolicyArn: string) => {
    const input = { RoleName: record.role.name, PolicyArn };
    await ifThere(record, () => iam.send(new DetachRolePolicyCommand(input)));
  };

  return {
    putTrust,
    putBoundary,
    dropPolicy,
    dropAttached,

    async ensure(record, trust, checkpoint) {
      try {
        return { id: await create(record, trust), isNew: true };
      } catch (error) {
        if (!isNamed(error, 'EntityAlreadyExistsException')) throw error;
        return { id: await adopt(record, checkpoint), isNew: false };
      }
    },

    async putPolicy(record, PolicyName, document) {
      const input = { RoleName: record.role.name, PolicyName, PolicyDocument: JSON.stringify(document) };
      const put = await change(record, () => iam.send(new PutRolePolicyCommand(input)));
      return put !== undefined;
    },

    async remove(record) {
      const input = { RoleName: record.role.name };
      for (const name of await inlinePolicies(iam, record, ifThere)) await dropPolicy(record, name);
      for (const arn of await attachedPolicies(iam, record, ifThere)) await dropAttached(record, arn);
      await ifThere(record, () => iam.send(new DeleteRoleCommand(input)));
    },

    async restoreFrame(record) {
      const RoleName = record.role.name;
      if (!(await putBoundary(record))) return;
      await iam.send(new TagRoleCommand({ RoleName, Tags: tagList(record, boundaryArn) }));
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

type OnRole = <T>(record: Named, call: () => Promise<T>) => Promise<T | undefined>;

async function inlinePolicies(iam: IAMClient, record: Named, ifThere: OnRole): Promise<string[]> {
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const input = { RoleName: record.role.name, ...(Marker && { Marker }) };
    const page = await ifThere(record, () => iam.send(new ListRolePoliciesCommand(input)));
    names.push(...(page?.PolicyNames ?? []));
    Marker = page?.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  // The deny goes last: until then no session gets through.
  return names.sort((a, b) => Number(a === 'deny') - Number(b === 'deny'));
}

async function attachedPolicies(iam: IAMClient, record: Named, ifThere: OnRole): Promise<string[]> {
  const arns: string[] = [];
  let Marker: string | undefined;
  do {
    const input = { RoleName: record.role.name, ...(Marker && { Marker }) };
    const page = await ifThere(record, () => iam.send(new ListAttachedRolePoliciesCommand(input)));
    arns.push(...(page?.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []));
    Marker = page?.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  return arns;
}

function tagList(record: GrantRecord, boundaryArn: string): Tag[] {
  return Object.entries(tagsOf(record, boundaryArn)).map(([Key, Value]) => ({ Key, Value }));
}

function descriptionOf(record: GrantRecord): string {
  return `Sharemaker grant ${record.id}: account ${record.child.accountId} may invoke ${record.endpoint.name}. Managed; do not edit.`;
}

async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
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
