import type { IamCall, Operations, Subject } from './call.ts';
import { invalidInput, noSuchEntity, quotaExceeded } from './faults.ts';
import { ids } from './ids.ts';
import { namedSubject, needNamed } from './lookup.ts';
import { pagedAnswer } from './paging.ts';
import { xmlTime } from './query-protocol.ts';
import { type AccessKey, keyOf } from './state.ts';

export const accessKeyOperations: Operations = {
  CreateAccessKey: {
    optional: ['UserName'],
    subject: owner,
    run(call) {
      const user = needNamed(call, 'user', userName(call));
      if (keysOf(call, user.id).length >= keysMax) throw quotaExceeded('AccessKeysPerUser', keysMax);
      const key: AccessKey = {
        id: ids.accessKey(),
        secretAccessKey: ids.secret(),
        accountId: call.account.id,
        userKey: keyOf(user.name),
        userId: user.id,
        isActive: true,
        createdAt: call.now,
      };
      call.state.accessKeys.set(key.id, key);
      return {
        AccessKey: { ...describe(user.name, key), SecretAccessKey: key.secretAccessKey },
      };
    },
  },

  ListAccessKeys: {
    optional: ['UserName', 'Marker', 'MaxItems'],
    subject: owner,
    run(call) {
      const user = needNamed(call, 'user', userName(call));
      const keys = keysOf(call, user.id).map((key) => [key.id, key] as const);
      return pagedAnswer('AccessKeyMetadata', keys, call.input, (key) => describe(user.name, key));
    },
  },

  UpdateAccessKey: {
    required: ['AccessKeyId', 'Status'],
    optional: ['UserName'],
    subject: owner,
    run(call) {
      const key = needKey(call);
      call.state.accessKeys.set(key.id, { ...key, isActive: call.input.need('Status') === 'Active' });
      return undefined;
    },
  },

  DeleteAccessKey: {
    required: ['AccessKeyId'],
    optional: ['UserName'],
    subject: owner,
    run(call) {
      call.state.accessKeys.delete(needKey(call).id);
      return undefined;
    },
  },
};

function owner(call: IamCall): Subject {
  return namedSubject(call, 'user', userName(call));
}

/** "If you do not specify a user name, IAM determines it implicitly from the access key that signs the request." */
function userName({ input, request }: IamCall): string {
  const name = input.text('UserName') ?? request.caller.username;
  if (name === undefined) throw invalidInput('Must specify userName when calling with non-User credentials');
  return name;
}

function keysOf({ state }: IamCall, userId: string): readonly AccessKey[] {
  const keys = [...state.accessKeys.values()].filter((key) => key.userId === userId);
  return keys.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function needKey(call: IamCall): AccessKey {
  const user = needNamed(call, 'user', userName(call));
  const id = call.input.need('AccessKeyId');
  const key = call.state.accessKeys.get(id);
  if (key?.userId !== user.id) throw noSuchEntity(`The Access Key with id ${id} cannot be found.`);
  return key;
}

function describe(UserName: string, { id, isActive, createdAt }: AccessKey) {
  return {
    UserName,
    AccessKeyId: id,
    Status: isActive ? 'Active' : 'Inactive',
    CreateDate: xmlTime(createdAt),
  };
}

const keysMax = 2;
