import { anyResource, type IamCall, type Operations, type Subject } from './call.ts';
import { describeRole, describeRoleFully, describeTags } from './describe.ts';
import { policyChars, readPolicy } from './documents.ts';
import { deleteConflict, entityAlreadyExists, invalidInput, noSuchEntity, quotaExceeded } from './faults.ts';
import { ids } from './ids.ts';
import { need, requestTags, subjectOf, withContext } from './lookup.ts';
import { findPolicy, isUsable } from './managed-policy.ts';
import { pagedAnswer, pageOfKeys } from './paging.ts';
import { type Account, keyOf, putNew, type Role } from './state.ts';
import { tagged, untagged } from './tags.ts';
import { storedTrust } from './trust-principals.ts';

const role = subjectOf('role');

export const roleOperations: Operations = {
  CreateRole: {
    required: ['RoleName', 'AssumeRolePolicyDocument'],
    optional: ['Path', 'Description', 'MaxSessionDuration', 'PermissionsBoundary'],
    subject: withContext(newRole, (call) => ({ ...requestTags(call), ...requestedBoundary(call) })),
    tagAction: 'TagRole',
    run(call) {
      const { input, account, state } = call;
      const name = input.need('RoleName');
      const document = readTrust(call, input.need('AssumeRolePolicyDocument'));
      const boundaryArn = readBoundary(call);
      if (account.roles.get(keyOf(name))) throw entityAlreadyExists(`Role with name ${name} already exists.`);
      if (account.roles.size >= account.rolesQuota)
        throw quotaExceeded('RolesPerAccount', account.rolesQuota);
      const description = input.text('Description');
      const created: Role = {
        kind: 'role',
        name,
        path: input.text('Path') ?? '/',
        id: ids.role(),
        arn: newRole(call).resource,
        createdAt: call.now,
        trust: storedTrust(document, state),
        maxSessionSeconds: input.number('MaxSessionDuration') ?? 3600,
        tags: input.tags,
        inline: new Map(),
        attached: [],
        ...(description !== undefined && { description }),
        ...(boundaryArn !== undefined && { boundaryArn }),
      };
      putNew(state, account.id, created, 'set');
      return { Role: describeRoleFully(created, state) };
    },
  },

  GetRole: {
    required: ['RoleName'],
    subject: role,
    run: (call) => ({ Role: describeRoleFully(need(call, 'role'), call.state) }),
  },

  ListRoles: {
    optional: ['PathPrefix', 'Marker', 'MaxItems'],
    subject: anyResource,
    run({ input, account, state }) {
      const prefix = input.text('PathPrefix') ?? '/';
      const keys = account.roles.sortedKeys();
      const within =
        prefix === '/' ? keys : keys.filter((key) => account.roles.get(key)?.path.startsWith(prefix));
      const page = pageOfKeys(within, input);
      const roles = page.keys.flatMap((key) => account.roles.get(key) ?? []);
      return { Roles: roles.map((each) => describeRole(each, state)), ...page.members };
    },
  },

  DeleteRole: {
    required: ['RoleName'],
    subject: role,
    run(call) {
      const { name, inline, attached } = need(call, 'role');
      if (attached.length > 0) throw deleteConflict('detach all policies');
      if (inline.size > 0) throw deleteConflict('delete policies');
      call.account.roles.delete(keyOf(name));
      return undefined;
    },
  },

  UpdateRole: {
    required: ['RoleName'],
    optional: ['Description', 'MaxSessionDuration'],
    subject: role,
    run(call) {
      const { input } = call;
      const description = input.text('Description');
      const maxSessionSeconds = input.number('MaxSessionDuration');
      change(call, {
        ...(description !== undefined && { description }),
        ...(maxSessionSeconds !== undefined && { maxSessionSeconds }),
      });
      return {};
    },
  },

  UpdateRoleDescription: {
    required: ['RoleName', 'Description'],
    subject: role,
    run(call) {
      const changed = change(call, { description: call.input.need('Description') });
      return { Role: describeRole(changed, call.state) };
    },
  },

  UpdateAssumeRolePolicy: {
    required: ['RoleName', 'PolicyDocument'],
    subject: role,
    run(call) {
      need(call, 'role');
      const document = readTrust(call, call.input.need('PolicyDocument'));
      change(call, { trust: storedTrust(document, call.state) });
      return undefined;
    },
  },

  PutRolePermissionsBoundary: {
    required: ['RoleName', 'PermissionsBoundary'],
    // The key speaks of the boundary to come, not of the one that stands.
    subject: withContext(role, requestedBoundary),
    run(call) {
      need(call, 'role');
      const boundaryArn = readBoundary(call);
      change(call, boundaryArn === undefined ? {} : { boundaryArn });
      return undefined;
    },
  },

  DeleteRolePermissionsBoundary: {
    required: ['RoleName'],
    subject: role,
    run(call) {
      const { boundaryArn, ...rest } = need(call, 'role');
      if (boundaryArn === undefined)
        throw noSuchEntity(`The role with name ${rest.name} does not have a permissions boundary.`);
      call.account.roles.set(keyOf(rest.name), rest);
      return undefined;
    },
  },

  TagRole: {
    required: ['RoleName'],
    subject: withContext(role, requestTags),
    run(call) {
      change(call, { tags: tagged(need(call, 'role').tags, call.input.tags) });
      return undefined;
    },
  },

  UntagRole: {
    required: ['RoleName'],
    subject: withContext(role, requestTags),
    run(call) {
      change(call, { tags: untagged(need(call, 'role').tags, call.input.list('TagKeys')) });
      return undefined;
    },
  },

  ListRoleTags: {
    required: ['RoleName'],
    optional: ['Marker', 'MaxItems'],
    subject: role,
    run(call) {
      const tags = [...need(call, 'role').tags].map((tag) => [tag[0], tag] as const);
      return pagedAnswer(
        'Tags',
        tags.sort(byKey),
        call.input,
        (tag) => describeTags(new Map([tag]))[0] ?? {},
      );
    },
  },
};

/** @throws AwsFault of the kinds that CreateRole has for its boundary. */
export function readBoundary({ input, account, state }: IamCall): string | undefined {
  const arn = input.text('PermissionsBoundary');
  if (arn === undefined) return undefined;
  if (!/^arn:aws:iam::(\d{12}|aws):policy\/.+$/.test(arn)) throw invalidInput(`ARN ${arn} is not valid.`);
  if (!isUsable(account.id, arn) || !findPolicy(state, arn))
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
  return arn;
}

export function requestedBoundary({ input }: IamCall) {
  const arn = input.text('PermissionsBoundary');
  return arn === undefined ? {} : { 'iam:PermissionsBoundary': arn };
}

export function assertTrustSize(text: string, { trustCharsMax }: Account): void {
  if (policyChars(text) > trustCharsMax) throw quotaExceeded('ACLSizePerRole', trustCharsMax);
}

function readTrust({ account }: IamCall, text: string) {
  const { document } = readPolicy(text, 'trust');
  assertTrustSize(text, account);
  return document;
}

function newRole({ input, account }: IamCall): Subject {
  return {
    resource: `arn:aws:iam::${account.id}:role${input.text('Path') ?? '/'}${input.need('RoleName')}`,
  };
}

function change(call: IamCall, changes: Partial<Role>): Role {
  const before = need(call, 'role');
  const after: Role = { ...before, ...changes };
  call.account.roles.set(keyOf(before.name), after);
  return after;
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
