/** What IAM says about the whole account, read in bulk: at most one call for a thousand roles, never one for a grant. */

import {
  GetAccountAuthorizationDetailsCommand,
  GetAccountSummaryCommand,
  type IAMClient,
  ListRolesCommand,
  type ManagedPolicyDetail,
  type RoleDetail,
} from '@aws-sdk/client-iam';
import { type ReadDocument, readEncoded } from './policy-language.ts';

export interface AccountRole {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly id: string;
  /** Undefined when IAM's answer could not be read as a policy. */
  readonly trust: ReadDocument | undefined;
  readonly inline: readonly { readonly name: string; readonly document: ReadDocument | undefined }[];
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
  readonly instanceProfiles: readonly string[];
  readonly boundaryArn?: string;
  readonly tags: Readonly<Record<string, string>>;
  /** ISO 8601. IAM tracks 400 days and is hours behind. */
  readonly lastUsedAt?: string;
}

export interface RolePage {
  readonly roles: readonly AccountRole[];
  /** Epoch milliseconds, taken before IAM was asked: what changed since then may not show in it. */
  readonly readAt: number;
  readonly next?: string;
}

/** What only ListRoles tells: GetAccountAuthorizationDetails leaves it out. */
export interface ListedRole {
  readonly arn: string;
  readonly maxSessionSeconds: number;
}

/** The document of each managed policy in use; null for those that were not worth keeping. */
export type ManagedPolicies = ReadonlyMap<string, ReadDocument | null>;

export interface Inventory {
  /** IAM requests made so far, repeated attempts included. */
  readonly calls: number;
  /** Throws MarkerRefused when IAM no longer knows the marker. */
  rolePage(marker?: string): Promise<RolePage>;
  managedPolicies(isWorthKeeping: (document: ReadDocument) => boolean): Promise<ManagedPolicies>;
  shareRoles(): Promise<{ readonly roles: readonly ListedRole[]; readonly readAt: number }>;
  roleQuota(): Promise<{ readonly used: number; readonly quota: number }>;
}

export const shareRolePath = '/sharemaker/';

export class MarkerRefused extends Error {
  override readonly name = 'MarkerRefused';
}

/** IAM: MaxItems is at most 1,000. */
const pageSizeMax = 1_000;

export function connectInventory(iam: IAMClient, now: () => number): Inventory {
  let calls = 0;
  const counted = async <T extends { $metadata: { attempts?: number } }>(call: Promise<T>): Promise<T> => {
    try {
      const answer = await call;
      calls += answer.$metadata.attempts ?? 1;
      return answer;
    } catch (error) {
      calls += (error as { $metadata?: { attempts?: number } }).$metadata?.attempts ?? 1;
      throw error;
    }
  };

  return {
    get calls() {
      return calls;
    },

    async rolePage(marker) {
      const readAt = now();
      const page = await counted(
        iam.send(
          new GetAccountAuthorizationDetailsCommand({
            Filter: ['Role'],
            MaxItems: pageSizeMax,
            ...(marker && { Marker: marker }),
          }),
        ),
      ).catch((error: Error) => {
        if (marker && refusals.has(error.name)) throw new MarkerRefused('', { cause: error });
        throw error;
      });
      const next = page.IsTruncated ? page.Marker : undefined;
      return { roles: (page.RoleDetailList ?? []).map(readRole), readAt, ...(next && { next }) };
    },

    async managedPolicies(isWorthKeeping) {
      const policies = new Map<string, ReadDocument | null>();
      let Marker: string | undefined;
      do {
        const page = await counted(
          iam.send(
            new GetAccountAuthorizationDetailsCommand({
              Filter: ['LocalManagedPolicy', 'AWSManagedPolicy'],
              MaxItems: pageSizeMax,
              ...(Marker && { Marker }),
            }),
          ),
        );
        for (const policy of page.Policies ?? []) {
          const document = defaultVersion(policy);
          if (policy.Arn) policies.set(policy.Arn, document && isWorthKeeping(document) ? document : null);
        }
        Marker = page.IsTruncated ? page.Marker : undefined;
      } while (Marker);
      return policies;
    },

    async shareRoles() {
      const readAt = now();
      const roles: ListedRole[] = [];
      let Marker: string | undefined;
      do {
        const page = await counted(
          iam.send(
            new ListRolesCommand({
              PathPrefix: shareRolePath,
              MaxItems: pageSizeMax,
              ...(Marker && { Marker }),
            }),
          ),
        );
        for (const { Arn, MaxSessionDuration } of page.Roles ?? [])
          if (Arn) roles.push({ arn: Arn, maxSessionSeconds: MaxSessionDuration ?? 3600 });
        // A page may be short and yet not the last.
        Marker = page.IsTruncated ? page.Marker : undefined;
      } while (Marker);
      return { roles, readAt };
    },

    async roleQuota() {
      const { SummaryMap } = await counted(iam.send(new GetAccountSummaryCommand({})));
      return { used: SummaryMap?.Roles ?? 0, quota: SummaryMap?.RolesQuota ?? 0 };
    },
  };
}

/** How IAM calls a marker that it does not know. */
const refusals = new Set(['InvalidInputException', 'InvalidInput', 'ValidationError', 'ValidationException']);

function readRole(role: RoleDetail): AccountRole {
  const lastUsedAt = role.RoleLastUsed?.LastUsedDate?.toISOString();
  const boundaryArn = role.PermissionsBoundary?.PermissionsBoundaryArn;
  return {
    arn: role.Arn ?? '',
    name: role.RoleName ?? '',
    path: role.Path ?? '/',
    id: role.RoleId ?? '',
    trust: readEncoded(role.AssumeRolePolicyDocument),
    inline: (role.RolePolicyList ?? []).map(({ PolicyName, PolicyDocument }) => ({
      name: PolicyName ?? '',
      document: readEncoded(PolicyDocument),
    })),
    attached: (role.AttachedManagedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []),
    instanceProfiles: (role.InstanceProfileList ?? []).flatMap(
      ({ InstanceProfileName }) => InstanceProfileName ?? [],
    ),
    ...(boundaryArn && { boundaryArn }),
    tags: Object.fromEntries((role.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
    ...(lastUsedAt && { lastUsedAt }),
  };
}

function defaultVersion({ PolicyVersionList }: ManagedPolicyDetail): ReadDocument | undefined {
  return readEncoded(PolicyVersionList?.find(({ IsDefaultVersion }) => IsDefaultVersion)?.Document);
}
