/** What IAM knows of all accounts. Entities are immutable: a change puts a new one in the place of the old. */

import type { PolicyDocument } from '../policy/document.ts';
import type { Clock } from '../types.ts';
import { createLastUsed, type LastUsed } from './last-used.ts';
import { createTimeline, type Table, type Timeline } from './timeline.ts';

/** A policy as it was sent, which is how IAM gives it back, and as it is evaluated. */
export interface StoredPolicy {
  readonly text: string;
  readonly document: PolicyDocument;
}

/** What roles, users and groups have in common. */
export interface Entity {
  readonly kind: EntityKind;
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly inline: ReadonlyMap<string, StoredPolicy>;
  /** ARNs of managed policies, in the order of their attachment. */
  readonly attached: readonly string[];
}

export type EntityKind = 'role' | 'user' | 'group';

export type Tags = ReadonlyMap<string, string>;

export interface Role extends Entity {
  readonly kind: 'role';
  /** Principals that are roles or users stand here by their unique ids. */
  readonly trust: PolicyDocument;
  readonly description?: string;
  readonly maxSessionSeconds: number;
  readonly boundaryArn?: string;
  readonly tags: Tags;
}

export interface User extends Entity {
  readonly kind: 'user';
  readonly boundaryArn?: string;
  readonly tags: Tags;
  /** Keys of the account's table of groups. */
  readonly groups: readonly string[];
}

export interface Group extends Entity {
  readonly kind: 'group';
}

export interface ManagedPolicy {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly description?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly defaultVersionId: string;
  readonly versions: ReadonlyMap<string, PolicyVersion>;
  /** The number of the version that comes next; numbers are never used twice. */
  readonly nextVersion: number;
}

export interface PolicyVersion extends StoredPolicy {
  readonly createdAt: number;
}

export interface AccessKey {
  readonly id: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
  readonly userKey: string;
  readonly userId: string;
  readonly isActive: boolean;
  readonly createdAt: number;
}

export interface Account {
  readonly id: string;
  readonly orgId?: string | undefined;
  readonly rolesQuota: number;
  /** Characters of a trust policy; AWS gives 2,048 and raises it on request. */
  readonly trustCharsMax: number;
  /** By name in lower case: "names are unique within the account … not distinguished by case". */
  readonly roles: Table<Role>;
  readonly users: Table<User>;
  readonly groups: Table<Group>;
  /** By ARN. */
  readonly policies: Table<ManagedPolicy>;
}

export interface IamState {
  readonly clock: Clock;
  readonly timeline: Timeline;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly accessKeys: Table<AccessKey>;
  /** Where a role or user was put, by its unique id; what is there now may be another of the same name. */
  readonly places: Map<
    string,
    { readonly accountId: string; readonly table: 'roles' | 'users'; readonly key: string }
  >;
  readonly lastUsed: LastUsed;
  addAccount(accountId: string, options?: AccountOptions): void;
  /** @throws Error for an account that was not added. */
  account(accountId: string): Account;
}

export interface AccountOptions {
  readonly orgId?: string | undefined;
  readonly rolesQuota?: number | undefined;
  readonly trustCharsMax?: number | undefined;
}

export function createState(clock: Clock): IamState {
  const timeline = createTimeline(clock);
  const accounts = new Map<string, Account>();
  return {
    clock,
    timeline,
    accounts,
    accessKeys: timeline.createTable(),
    places: new Map(),
    lastUsed: createLastUsed(clock),
    addAccount(id, { orgId, rolesQuota = 1000, trustCharsMax = 2048 } = {}) {
      if (!/^\d{12}$/.test(id)) throw new Error('An account id has twelve digits.');
      const existing = accounts.get(id);
      accounts.set(id, {
        roles: timeline.createTable(),
        users: timeline.createTable(),
        groups: timeline.createTable(),
        policies: timeline.createTable(),
        ...existing,
        id,
        orgId,
        rolesQuota,
        trustCharsMax,
      });
    },
    account(id) {
      const account = accounts.get(id);
      if (!account) throw new Error(`The sandbox has no account ${id}.`);
      return account;
    },
  };
}

/** The state as the reads of the IAM API find it, which may be some time ago. Not to be written to. */
export function asRead(state: IamState): IamState {
  const accounts = new Map([...state.accounts].map(([id, account]) => [id, accountAsRead(account)]));
  return {
    ...state,
    accounts,
    accessKeys: state.accessKeys.asRead,
    account: (id) => accounts.get(id) ?? state.account(id),
  };
}

function accountAsRead(account: Account): Account {
  const { roles, users, groups, policies } = account;
  return {
    ...account,
    roles: roles.asRead,
    users: users.asRead,
    groups: groups.asRead,
    policies: policies.asRead,
  };
}

/** Puts a role or user that is new, so that it can be found by its unique id too. */
export function putNew(state: IamState, accountId: string, entity: Role | User, how: 'set' | 'seed'): void {
  const account = state.account(accountId);
  const key = keyOf(entity.name);
  if (entity.kind === 'role') account.roles[how](key, entity);
  else account.users[how](key, entity);
  const table = entity.kind === 'role' ? 'roles' : 'users';
  state.places.set(entity.id, { accountId, table, key });
}

/** As the IAM API reads; undefined once it is gone. */
export function findById(state: IamState, id: string): Role | User | undefined {
  const place = state.places.get(id);
  const entity = place && state.accounts.get(place.accountId)?.[place.table].get(place.key);
  return entity?.id === id ? entity : undefined;
}

/** The key of an entity in its account's table. */
export function keyOf(name: string): string {
  return name.toLowerCase();
}
