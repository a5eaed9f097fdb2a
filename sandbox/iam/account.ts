/** The whole account in one answer: its numbers, and everything it has. */

import { awsManagedPolicies } from './aws-managed-policies.ts';
import { anyResource, type IamCall, type Operations } from './call.ts';
import {
  describeAttached,
  describeBoundary,
  describeGroup,
  describeInline,
  describeLastUsed,
  describePolicy,
  describeTags,
  describeUser,
} from './describe.ts';
import { encodePolicy } from './documents.ts';
import { attachmentsOf } from './managed-policy.ts';
import { pageOfKeys } from './paging.ts';
import { describeVersion } from './policies.ts';
import { xmlTime } from './query-protocol.ts';
import type { ManagedPolicy, Role } from './state.ts';
import { shownTrust } from './trust-principals.ts';
import type { XmlMembers } from './xml.ts';

export const accountOperations: Operations = {
  GetAccountSummary: {
    subject: anyResource,
    run: (call) => ({ SummaryMap: new Map(Object.entries(summaryOf(call))) }),
  },

  GetAccountAuthorizationDetails: {
    optional: ['MaxItems', 'Marker'],
    subject: anyResource,
    run(call) {
      const filter = call.input.list('Filter');
      const sections =
        filter.length === 0 ? allSections : allSections.filter(({ name }) => filter.includes(name));
      // One list over all sections: `1:admin`, `3:a-role`. The digit keeps the sections in order.
      const all = sections.flatMap(({ digit, keysOf }) => keysOf(call).map((key) => `${digit}:${key}`));
      const { keys, members } = pageOfKeys(all, call.input);
      const counts = attachmentsOf(call.state, call.account.id);
      const found = { UserDetailList: [], GroupDetailList: [], RoleDetailList: [], Policies: [] } as Record<
        string,
        XmlMembers[]
      >;
      for (const key of keys) {
        const section = sections.find(({ digit }) => key.startsWith(digit));
        const described = section?.describe(call, key.slice(2), counts);
        if (section && described) found[section.list]?.push(described);
      }
      return { ...found, ...members };
    },
  },
};

interface Section {
  readonly digit: string;
  /** As in the Filter parameter. */
  readonly name: string;
  readonly list: 'UserDetailList' | 'GroupDetailList' | 'RoleDetailList' | 'Policies';
  readonly keysOf: (call: IamCall) => readonly string[];
  readonly describe: (
    call: IamCall,
    key: string,
    counts: ReturnType<typeof attachmentsOf>,
  ) => XmlMembers | undefined;
}

const allSections: readonly Section[] = [
  {
    digit: '1',
    name: 'User',
    list: 'UserDetailList',
    keysOf: ({ account }) => account.users.sortedKeys(),
    describe({ account, state }, key) {
      const user = account.users.get(key);
      return (
        user && {
          ...describeUser(user),
          UserPolicyList: describeInline(user.inline),
          GroupList: user.groups.map((group) => account.groups.get(group)?.name ?? group),
          AttachedManagedPolicies: describeAttached(user.attached, state),
          PermissionsBoundary: describeBoundary(user.boundaryArn),
          Tags: describeTags(user.tags),
        }
      );
    },
  },
  {
    digit: '2',
    name: 'Group',
    list: 'GroupDetailList',
    keysOf: ({ account }) => account.groups.sortedKeys(),
    describe({ account, state }, key) {
      const group = account.groups.get(key);
      return (
        group && {
          ...describeGroup(group),
          GroupPolicyList: describeInline(group.inline),
          AttachedManagedPolicies: describeAttached(group.attached, state),
        }
      );
    },
  },
  {
    digit: '3',
    name: 'Role',
    list: 'RoleDetailList',
    keysOf: ({ account }) => account.roles.sortedKeys(),
    describe(call, key) {
      const role = call.account.roles.get(key);
      return role && describeRoleDetail(call, role);
    },
  },
  {
    digit: '4',
    name: 'LocalManagedPolicy',
    list: 'Policies',
    keysOf: ({ account }) => account.policies.sortedKeys(),
    describe: ({ account }, arn, counts) => describePolicyDetail(account.policies.get(arn), counts.get(arn)),
  },
  {
    digit: '5',
    name: 'AWSManagedPolicy',
    list: 'Policies',
    // Of AWS's policies only those in use are listed.
    keysOf: ({ state, account }) => {
      const counts = attachmentsOf(state, account.id);
      return [...awsManagedPolicies.keys()].filter((arn) => counts.has(arn)).sort();
    },
    describe: (_call, arn, counts) => describePolicyDetail(awsManagedPolicies.get(arn), counts.get(arn)),
  },
];

/** RoleDetail has neither Description nor MaxSessionDuration. */
function describeRoleDetail({ state }: IamCall, role: Role): XmlMembers {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: xmlTime(role.createdAt),
    AssumeRolePolicyDocument: encodePolicy(shownTrust(role.trust, state)),
    InstanceProfileList: [],
    RolePolicyList: describeInline(role.inline),
    AttachedManagedPolicies: describeAttached(role.attached, state),
    PermissionsBoundary: describeBoundary(role.boundaryArn),
    Tags: describeTags(role.tags),
    RoleLastUsed: describeLastUsed(role, state),
  };
}

function describePolicyDetail(
  policy: ManagedPolicy | undefined,
  counts: Parameters<typeof describePolicy>[1],
): XmlMembers | undefined {
  if (!policy) return undefined;
  const versions = [...policy.versions].map(([id, version]) => ({
    Document: encodePolicy(version.text),
    ...describeVersion(policy, id, version),
  }));
  return { ...describePolicy(policy, counts), PolicyVersionList: versions };
}

/** Quotas are the defaults of "IAM and AWS STS quotas", but for what the account was given. */
function summaryOf({ account }: IamCall): Readonly<Record<string, number>> {
  return {
    Users: account.users.size,
    UsersQuota: 5000,
    Groups: account.groups.size,
    GroupsQuota: 300,
    Roles: account.roles.size,
    RolesQuota: account.rolesQuota,
    Policies: account.policies.size,
    PoliciesQuota: 1500,
    PolicyVersionsInUse: [...account.policies.values()].reduce((sum, { versions }) => sum + versions.size, 0),
    PolicyVersionsInUseQuota: 10_000,
    PolicySizeQuota: 6144,
    VersionsPerPolicyQuota: 5,
    UserPolicySizeQuota: 2048,
    GroupPolicySizeQuota: 5120,
    RolePolicySizeQuota: 10_240,
    AssumeRolePolicySizeQuota: account.trustCharsMax,
    AttachedPoliciesPerUserQuota: 10,
    AttachedPoliciesPerGroupQuota: 10,
    AttachedPoliciesPerRoleQuota: 10,
    AccessKeysPerUserQuota: 2,
    GroupsPerUserQuota: 10,
    AccountAccessKeysPresent: 0,
    AccountMFAEnabled: 0,
    MFADevices: 0,
    MFADevicesInUse: 0,
    Providers: 0,
    ServerCertificates: 0,
  };
}
