import { anyResource, type IamCall, type Operations, type Subject } from './call.ts';
import { describeGroup, describeUser, describeUserFully } from './describe.ts';
import { deleteConflict, entityAlreadyExists, noSuchEntity } from './faults.ts';
import { ids } from './ids.ts';
import { need, requestTags, subjectOf, withContext } from './lookup.ts';
import { pagedAnswer } from './paging.ts';
import { readBoundary, requestedBoundary } from './roles.ts';
import { keyOf, putNew, type User } from './state.ts';

const user = subjectOf('user');

export const userOperations: Operations = {
  CreateUser: {
    required: ['UserName'],
    optional: ['Path', 'PermissionsBoundary'],
    subject: withContext(newUser, (call) => ({ ...requestTags(call), ...requestedBoundary(call) })),
    tagAction: 'TagUser',
    run(call) {
      const { input, account, state } = call;
      const name = input.need('UserName');
      const boundaryArn = readBoundary(call);
      if (account.users.get(keyOf(name))) throw entityAlreadyExists(`User with name ${name} already exists.`);
      const created: User = {
        kind: 'user',
        name,
        path: input.text('Path') ?? '/',
        id: ids.user(),
        arn: newUser(call).resource,
        createdAt: call.now,
        tags: input.tags,
        groups: [],
        inline: new Map(),
        attached: [],
        ...(boundaryArn !== undefined && { boundaryArn }),
      };
      putNew(state, account.id, created, 'set');
      return { User: describeUserFully(created) };
    },
  },

  GetUser: {
    // Without a name: the caller's own.
    optional: ['UserName'],
    subject: (call) => {
      const found = ownOrNamed(call);
      return {
        resource: found?.arn ?? `arn:aws:iam::${call.account.id}:user/${call.input.text('UserName') ?? ''}`,
      };
    },
    run(call) {
      const found = ownOrNamed(call);
      const name = call.input.text('UserName') ?? '';
      if (!found) throw noSuchEntity(`The user with name ${name} cannot be found.`);
      return { User: describeUserFully(found) };
    },
  },

  ListUsers: {
    optional: ['PathPrefix', 'Marker', 'MaxItems'],
    subject: anyResource,
    run({ input, account }) {
      const prefix = input.text('PathPrefix') ?? '/';
      const users = account.users.sortedKeys().flatMap((key) => {
        const found = account.users.get(key);
        return found?.path.startsWith(prefix) ? [[key, found] as const] : [];
      });
      return pagedAnswer('Users', users, input, describeUser);
    },
  },

  DeleteUser: {
    required: ['UserName'],
    subject: user,
    run(call) {
      const { name, id, attached, inline, groups } = need(call, 'user');
      const hasKeys = [...call.state.accessKeys.values()].some((key) => key.userId === id);
      if (hasKeys) throw deleteConflict('delete access keys');
      if (groups.length > 0) throw deleteConflict('remove users from group');
      if (attached.length > 0) throw deleteConflict('detach all policies');
      if (inline.size > 0) throw deleteConflict('delete policies');
      call.account.users.delete(keyOf(name));
      return undefined;
    },
  },

  PutUserPermissionsBoundary: {
    required: ['UserName', 'PermissionsBoundary'],
    subject: withContext(user, requestedBoundary),
    run(call) {
      const before = need(call, 'user');
      const boundaryArn = readBoundary(call);
      if (boundaryArn !== undefined) call.account.users.set(keyOf(before.name), { ...before, boundaryArn });
      return undefined;
    },
  },

  DeleteUserPermissionsBoundary: {
    required: ['UserName'],
    subject: user,
    run(call) {
      const { boundaryArn, ...rest } = need(call, 'user');
      if (boundaryArn === undefined)
        throw noSuchEntity(`The user with name ${rest.name} does not have a permissions boundary.`);
      call.account.users.set(keyOf(rest.name), rest);
      return undefined;
    },
  },

  ListGroupsForUser: {
    required: ['UserName'],
    optional: ['Marker', 'MaxItems'],
    subject: user,
    run(call) {
      const groups = need(call, 'user')
        .groups.toSorted()
        .flatMap((key) => {
          const group = call.account.groups.get(key);
          return group ? [[key, group] as const] : [];
        });
      return pagedAnswer('Groups', groups, call.input, describeGroup);
    },
  },
};

function ownOrNamed({ input, account, request }: IamCall): User | undefined {
  const name = input.text('UserName') ?? request.caller.username;
  return name === undefined ? undefined : account.users.get(keyOf(name));
}

function newUser({ input, account }: IamCall): Subject {
  return {
    resource: `arn:aws:iam::${account.id}:user${input.text('Path') ?? '/'}${input.need('UserName')}`,
  };
}
