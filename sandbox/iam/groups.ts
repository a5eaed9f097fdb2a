import { anyResource, type IamCall, type Operations, type Subject } from './call.ts';
import { describeGroup, describeUser } from './describe.ts';
import { deleteConflict, entityAlreadyExists, quotaExceeded } from './faults.ts';
import { ids } from './ids.ts';
import { need, subjectOf } from './lookup.ts';
import { pagedAnswer } from './paging.ts';
import { type Account, type Group, keyOf, type User } from './state.ts';

const group = subjectOf('group');

export const groupOperations: Operations = {
  CreateGroup: {
    required: ['GroupName'],
    optional: ['Path'],
    subject: newGroup,
    run(call) {
      const { input, account } = call;
      const name = input.need('GroupName');
      if (account.groups.get(keyOf(name)))
        throw entityAlreadyExists(`Group with name ${name} already exists.`);
      const created: Group = {
        kind: 'group',
        name,
        path: input.text('Path') ?? '/',
        id: ids.group(),
        arn: newGroup(call).resource,
        createdAt: call.now,
        inline: new Map(),
        attached: [],
      };
      account.groups.set(keyOf(name), created);
      return { Group: describeGroup(created) };
    },
  },

  GetGroup: {
    required: ['GroupName'],
    optional: ['Marker', 'MaxItems'],
    subject: group,
    run(call) {
      const found = need(call, 'group');
      const members = membersOf(call.account, found).map((user) => [keyOf(user.name), user] as const);
      return { Group: describeGroup(found), ...pagedAnswer('Users', members, call.input, describeUser) };
    },
  },

  ListGroups: {
    optional: ['PathPrefix', 'Marker', 'MaxItems'],
    subject: anyResource,
    run({ input, account }) {
      const prefix = input.text('PathPrefix') ?? '/';
      const groups = account.groups.sortedKeys().flatMap((key) => {
        const found = account.groups.get(key);
        return found?.path.startsWith(prefix) ? [[key, found] as const] : [];
      });
      return pagedAnswer('Groups', groups, input, describeGroup);
    },
  },

  DeleteGroup: {
    required: ['GroupName'],
    subject: group,
    run(call) {
      const found = need(call, 'group');
      if (membersOf(call.account, found).length > 0) throw deleteConflict('remove users from group');
      if (found.attached.length > 0) throw deleteConflict('detach all policies');
      if (found.inline.size > 0) throw deleteConflict('delete policies');
      call.account.groups.delete(keyOf(found.name));
      return undefined;
    },
  },

  AddUserToGroup: {
    required: ['GroupName', 'UserName'],
    subject: group,
    run(call) {
      const key = keyOf(need(call, 'group').name);
      const user = need(call, 'user');
      if (user.groups.includes(key)) return undefined;
      if (user.groups.length >= groupsMax) throw quotaExceeded('GroupsPerUser', groupsMax);
      call.account.users.set(keyOf(user.name), { ...user, groups: [...user.groups, key] });
      return undefined;
    },
  },

  RemoveUserFromGroup: {
    required: ['GroupName', 'UserName'],
    subject: group,
    run(call) {
      const key = keyOf(need(call, 'group').name);
      const user = need(call, 'user');
      call.account.users.set(keyOf(user.name), {
        ...user,
        groups: user.groups.filter((each) => each !== key),
      });
      return undefined;
    },
  },
};

function membersOf({ users }: Account, { name }: Group): readonly User[] {
  const members = users.sortedKeys().flatMap((key) => users.get(key) ?? []);
  return members.filter(({ groups }) => groups.includes(keyOf(name)));
}

function newGroup({ input, account }: IamCall): Subject {
  return {
    resource: `arn:aws:iam::${account.id}:group${input.text('Path') ?? '/'}${input.need('GroupName')}`,
  };
}

const groupsMax = 10;
