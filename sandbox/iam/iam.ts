import { createStsService } from '../sts/sts.ts';
import type { Clock, Iam, KeyRecord } from '../types.ts';
import { createAuthorize } from './authorize.ts';
import { seedManagedPolicy, seedRole, seedUser } from './seeds.ts';
import { createIamService } from './service.ts';
import { createSessions } from './sessions.ts';
import { createState, type IamState, keyOf } from './state.ts';
import { admitsService } from './trust-services.ts';

/** IAM and STS of all accounts. */
export function createIam({ clock }: { readonly clock: Clock }): Iam {
  const state = createState(clock);
  const sessions = createSessions(clock);
  const authorize = createAuthorize(state);
  return {
    iamService: createIamService(state, authorize),
    stsService: createStsService({ state, sessions, authorize }),
    authorize,
    findKey: (accessKeyId) => sessions.find(accessKeyId) ?? findUserKey(state, accessKeyId),
    addAccount: state.addAccount,
    seedUser: (accountId, user) => seedUser(state, accountId, user),
    seedRole: (accountId, role) => seedRole(state, accountId, role),
    seedManagedPolicy: (accountId, policy) => seedManagedPolicy(state, accountId, policy),
    serviceSession(roleArn, name, seconds) {
      const [, accountId = '', roleName = ''] =
        /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(roleArn) ?? [];
      const role = state.accounts.get(accountId)?.roles.visible(keyOf(roleName));
      if (role?.arn !== roleArn || !admitsService(role.trust, 'lambda.amazonaws.com'))
        throw new Error(`The role defined for the function cannot be assumed by Lambda: ${roleArn}`);
      return sessions.ofRole(role, { name, seconds, policies: [], tags: {} }).credentials;
    },
    setLag: (seconds) => state.timeline.setLag(checkedLag(seconds)),
    setReadLag: (seconds) => state.timeline.setReadLag(checkedLag(seconds)),
    setLastUsedLag: state.lastUsed.setLag,
  };
}

function checkedLag(seconds: number): number {
  if (seconds >= 0 && seconds <= lagMaxSeconds) return seconds;
  throw new RangeError(`The lag is between 0 and ${lagMaxSeconds} seconds.`);
}

/** A key that is inactive, or not visible yet, is no key; the same of its user. */
function findUserKey(state: IamState, accessKeyId: string): KeyRecord | undefined {
  const key = state.accessKeys.visible(accessKeyId);
  const user = key?.isActive ? state.accounts.get(key.accountId)?.users.visible(key.userKey) : undefined;
  if (!key || user?.id !== key.userId) return undefined;
  return {
    secretAccessKey: key.secretAccessKey,
    caller: {
      type: 'User',
      accountId: key.accountId,
      arn: user.arn,
      principalArn: user.arn,
      userId: user.id,
      accessKeyId,
      username: user.name,
    },
  };
}

const lagMaxSeconds = 3600;
