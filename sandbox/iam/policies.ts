/** Managed policies and their versions. */

import { AwsFault } from '../aws-fault.ts';
import { awsManagedPolicies } from './aws-managed-policies.ts';
import { anyResource, type IamCall, type Operations, type Subject } from './call.ts';
import { describePolicy } from './describe.ts';
import { encodePolicy, policyChars, readPolicy } from './documents.ts';
import { entityAlreadyExists, limitExceeded, noSuchEntity, quotaExceeded } from './faults.ts';
import { ids } from './ids.ts';
import { attachmentsOf, findPolicy, isUsable, policyArn } from './managed-policy.ts';
import { pagedAnswer } from './paging.ts';
import { xmlTime } from './query-protocol.ts';
import type { ManagedPolicy, PolicyVersion } from './state.ts';
import type { XmlMembers } from './xml.ts';

export const policyOperations: Operations = {
  CreatePolicy: {
    required: ['PolicyName', 'PolicyDocument'],
    optional: ['Path', 'Description'],
    subject: newPolicy,
    tagAction: 'TagPolicy',
    run(call) {
      const { input, account } = call;
      const name = input.need('PolicyName');
      const stored = readManaged(call);
      const isTaken = [...account.policies.values()].some(
        (policy) => policy.name.toLowerCase() === name.toLowerCase(),
      );
      if (isTaken)
        throw entityAlreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
      const description = input.text('Description');
      const policy: ManagedPolicy = {
        name,
        path: input.text('Path') ?? '/',
        id: ids.policy(),
        arn: newPolicy(call).resource,
        createdAt: call.now,
        updatedAt: call.now,
        defaultVersionId: 'v1',
        versions: new Map([['v1', { ...stored, createdAt: call.now }]]),
        nextVersion: 2,
        ...(description !== undefined && { description }),
      };
      account.policies.set(policy.arn, policy);
      return { Policy: describePolicy(policy) };
    },
  },

  GetPolicy: {
    required: ['PolicyArn'],
    subject: named,
    run(call) {
      const policy = needPolicy(call);
      const counts = attachmentsOf(call.state, call.account.id).get(policy.arn);
      return { Policy: describePolicy(policy, counts) };
    },
  },

  ListPolicies: {
    optional: ['Scope', 'OnlyAttached', 'PathPrefix', 'PolicyUsageFilter', 'Marker', 'MaxItems'],
    subject: anyResource,
    run({ input, account, state }) {
      const scope = input.text('Scope') ?? 'All';
      const prefix = input.text('PathPrefix') ?? '/';
      const usage = input.text('PolicyUsageFilter') === 'PermissionsBoundary' ? 'boundaries' : 'policies';
      const counts = attachmentsOf(state, account.id);
      const found = [
        ...(scope === 'Local' ? [] : awsManagedPolicies.values()),
        ...(scope === 'AWS' ? [] : account.policies.values()),
      ].filter(
        ({ arn, path }) =>
          path.startsWith(prefix) && (!input.flag('OnlyAttached') || (counts.get(arn)?.[usage] ?? 0) > 0),
      );
      const entries = found.map((policy) => [policy.arn, policy] as const).sort(byArn);
      return pagedAnswer('Policies', entries, input, (policy) =>
        describePolicy(policy, counts.get(policy.arn)),
      );
    },
  },

  DeletePolicy: {
    required: ['PolicyArn'],
    subject: named,
    run(call) {
      const { arn, versions } = needOwn(call);
      const counts = attachmentsOf(call.state, call.account.id).get(arn);
      if (counts && counts.policies + counts.boundaries > 0)
        throw new AwsFault('DeleteConflict', 409, 'Cannot delete a policy attached to entities.');
      if (versions.size > 1)
        throw new AwsFault(
          'DeleteConflict',
          409,
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        );
      call.account.policies.delete(arn);
      return undefined;
    },
  },

  CreatePolicyVersion: {
    required: ['PolicyArn', 'PolicyDocument'],
    optional: ['SetAsDefault'],
    subject: named,
    run(call) {
      const policy = needOwn(call);
      const stored = readManaged(call);
      if (policy.versions.size >= versionsMax)
        throw limitExceeded(
          `A managed policy can have up to ${versionsMax} versions. Before you create a new version, you must delete an existing version.`,
        );
      const id = `v${policy.nextVersion}`;
      const version: PolicyVersion = { ...stored, createdAt: call.now };
      const changed = change(call, policy, {
        versions: new Map([...policy.versions, [id, version]]),
        nextVersion: policy.nextVersion + 1,
        ...(call.input.flag('SetAsDefault') && { defaultVersionId: id }),
      });
      return { PolicyVersion: describeVersion(changed, id, version) };
    },
  },

  GetPolicyVersion: {
    required: ['PolicyArn', 'VersionId'],
    subject: named,
    run(call) {
      const policy = needPolicy(call);
      const [id, version] = needVersion(call, policy);
      const PolicyVersion = { Document: encodePolicy(version.text), ...describeVersion(policy, id, version) };
      return { PolicyVersion };
    },
  },

  ListPolicyVersions: {
    required: ['PolicyArn'],
    optional: ['Marker', 'MaxItems'],
    subject: named,
    run(call) {
      const policy = needPolicy(call);
      const versions = [...policy.versions].map(
        ([id, version]) => [id.padStart(8, '0'), [id, version]] as const,
      );
      return pagedAnswer('Versions', versions.sort(byArn), call.input, ([id, version]) =>
        describeVersion(policy, id, version),
      );
    },
  },

  SetDefaultPolicyVersion: {
    required: ['PolicyArn', 'VersionId'],
    subject: named,
    run(call) {
      const policy = needOwn(call);
      change(call, policy, { defaultVersionId: needVersion(call, policy)[0] });
      return undefined;
    },
  },

  DeletePolicyVersion: {
    required: ['PolicyArn', 'VersionId'],
    subject: named,
    run(call) {
      const policy = needOwn(call);
      const [id] = needVersion(call, policy);
      if (id === policy.defaultVersionId)
        throw new AwsFault('DeleteConflict', 409, 'Cannot delete the default version of a policy.');
      change(call, policy, { versions: new Map([...policy.versions].filter(([each]) => each !== id)) });
      return undefined;
    },
  },
};

export function describeVersion(policy: ManagedPolicy, id: string, version: PolicyVersion): XmlMembers {
  return {
    VersionId: id,
    IsDefaultVersion: id === policy.defaultVersionId,
    CreateDate: xmlTime(version.createdAt),
  };
}

function readManaged({ input }: IamCall) {
  const stored = readPolicy(input.need('PolicyDocument'), 'identity');
  if (policyChars(stored.text) > charsMax) throw quotaExceeded('PolicySize', charsMax);
  return stored;
}

function newPolicy({ input, account }: IamCall): Subject {
  return { resource: policyArn(account.id, input.text('Path') ?? '/', input.need('PolicyName')) };
}

function named({ input }: IamCall): Subject {
  return { resource: input.need('PolicyArn') };
}

function needPolicy({ input, state, account }: IamCall): ManagedPolicy {
  const arn = input.need('PolicyArn');
  const policy = isUsable(account.id, arn) ? findPolicy(state, arn) : undefined;
  if (!policy) throw noSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

/** AWS's own policies are everybody's to use and nobody's to change. */
function needOwn(call: IamCall): ManagedPolicy {
  const policy = needPolicy(call);
  if (awsManagedPolicies.has(policy.arn))
    throw new AwsFault('AccessDenied', 403, 'Policy is outside your own account.');
  return policy;
}

function needVersion({ input }: IamCall, policy: ManagedPolicy): readonly [string, PolicyVersion] {
  const id = input.need('VersionId');
  const version = policy.versions.get(id);
  if (!version) throw noSuchEntity(`Policy ${policy.arn} version ${id} does not exist or is not attachable.`);
  return [id, version];
}

function change(call: IamCall, policy: ManagedPolicy, changes: Partial<ManagedPolicy>): ManagedPolicy {
  const changed = { ...policy, ...changes, updatedAt: call.now };
  call.account.policies.set(policy.arn, changed);
  return changed;
}

function byArn(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

const charsMax = 6144;
const versionsMax = 5;
