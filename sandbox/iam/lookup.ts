/** Finding entities by name, or refusing as IAM does; and what IAM is asked about them. */

import type { ConditionContext, IamCall, Subject } from './call.ts';
import { noSuchEntity } from './faults.ts';
import { type Account, type EntityKind, type Group, keyOf, type Role, type User } from './state.ts';
import type { Table } from './timeline.ts';

export interface Entities {
  readonly role: Role;
  readonly user: User;
  readonly group: Group;
}

export const nameFields = { role: 'RoleName', user: 'UserName', group: 'GroupName' } as const;

export function tableOf<K extends EntityKind>(account: Account, kind: K): Table<Entities[K]> {
  const tables: { readonly [Kind in EntityKind]: Table<Entities[Kind]> } = {
    role: account.roles,
    user: account.users,
    group: account.groups,
  };
  return tables[kind];
}

/** @throws AwsFault NoSuchEntity */
export function need<K extends EntityKind>(call: IamCall, kind: K): Entities[K] {
  return needNamed(call, kind, call.input.need(nameFields[kind]));
}

export function needNamed<K extends EntityKind>(call: IamCall, kind: K, name: string): Entities[K] {
  const entity = tableOf(call.account, kind).get(keyOf(name));
  if (!entity) throw noSuchEntity(`The ${kind} with name ${name} cannot be found.`);
  return entity;
}

/** The entity that the call names, with the keys that a policy may ask of it. */
export function subjectOf(kind: EntityKind): (call: IamCall) => Subject {
  return (call) => namedSubject(call, kind, call.input.need(nameFields[kind]));
}

export function namedSubject(call: IamCall, kind: EntityKind, name: string): Subject {
  const entity = tableOf(call.account, kind).get(keyOf(name));
  if (!entity) {
    const resource = `arn:aws:iam::${call.account.id}:${kind}/${name}`;
    return { resource, shownAs: `${kind} ${name}` };
  }
  return { resource: entity.arn, context: contextOf(entity) };
}

/** Adds what the call itself brings to the subject. */
export function withContext(
  subject: (call: IamCall) => Subject,
  context: (call: IamCall) => ConditionContext,
): (call: IamCall) => Subject {
  return (call) => {
    const found = subject(call);
    return { ...found, context: { ...found.context, ...context(call) } };
  };
}

/** `aws:RequestTag/…`, `aws:TagKeys` */
export function requestTags({ input }: IamCall): ConditionContext {
  const keys = [...input.tags.keys(), ...input.list('TagKeys')];
  return {
    ...Object.fromEntries([...input.tags].map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    ...(keys.length > 0 && { 'aws:TagKeys': keys }),
  };
}

/** `aws:ResourceTag/…`, `iam:ResourceTag/…`, and `iam:PermissionsBoundary` as it stands. */
function contextOf(entity: Role | User | Group): ConditionContext {
  if (entity.kind === 'group') return {};
  return {
    ...resourceTags(entity.tags),
    ...(entity.boundaryArn !== undefined && { 'iam:PermissionsBoundary': entity.boundaryArn }),
  };
}

export function resourceTags(tags: ReadonlyMap<string, string>): ConditionContext {
  return Object.fromEntries(
    [...tags].flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`iam:ResourceTag/${key}`, value],
    ]),
  );
}
