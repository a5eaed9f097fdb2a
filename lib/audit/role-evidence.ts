/**
 * A share role held against its grant. Pure: each check answers the lines that show what is wrong, or undefined.
 * Only settled grants are held against their roles; while one is being moved its documents are between two states.
 */

import { type GrantRecord, isSettled } from '../grant/grant.ts';
import { denyDocument, type PolicySettings, permissionDocument, trustDocument } from '../grant/policies.ts';
import type { PolicyDocument } from '../grant/policy-document.ts';
import { tagsOf } from '../grant/share-role.ts';
import { differences, factsOf, type Hidden } from './documents.ts';
import type { AccountRole } from './inventory.ts';
import { isUniqueId, type ReadDocument, readDocument } from './policy-language.ts';
import { type Idleness, idlenessOf, type UnusedRules } from './use.ts';

export interface RoleSurroundings extends PolicySettings {
  readonly boundaryArn: string;
  readonly unused: UnusedRules;
  /** Epoch milliseconds: now, and when this audit started. */
  readonly now: number;
  readonly startedAt: number;
}

export interface HeldRole {
  readonly role: AccountRole;
  readonly record: GrantRecord;
  readonly around: RoleSurroundings;
}

export type Evidence = readonly string[] | undefined;

/** IAM's reads, too, may be behind its changes; minutes are as long as AWS speaks of. */
export const settleMs = 5 * 60_000;

/** Whether what IAM said at `readAt` may be held against the record as it is now. */
export function isComparable(record: GrantRecord, readAt: number): boolean {
  return isSettled(record) && Date.parse(record.updatedAt) + settleMs <= readAt;
}

export function roleRecreated({ role, record }: HeldRole): Evidence {
  if (!record.role.id || role.id === record.role.id) return undefined;
  return [
    `- role id ${record.role.id}`,
    `+ role id ${role.id}`,
    'The role was deleted, and made again by somebody else.',
  ];
}

export function trustDrifted(held: HeldRole): Evidence {
  return trustDifferences(held, withoutDeleted(held));
}

export function principalRecreated(held: HeldRole): Evidence {
  if (!hasDeletedPrincipal(held.role.trust)) return undefined;
  const ids = principalsOf(held.role.trust).filter(isUniqueId);
  return [
    ...(trustDifferences(held, held.role.trust) ?? []),
    ...ids.map(
      (id) => `${id.slice('AWS:'.length)} was a principal that is deleted; one of the same name is another.`,
    ),
  ];
}

export function policyDrifted({ role, record }: HeldRole): Evidence {
  const lines = [...expectedPolicies(record)].flatMap(([name, expected]) => {
    const found = role.inline.find((policy) => policy.name === name);
    if (!found) return [`- inline policy ${name} is gone`];
    if (!found.document) return [`+ inline policy ${name} could not be read`];
    const changed = differences(expected, found.document, hiddenOf(record));
    return changed.length > 0 ? [`Inline policy ${name}:`, ...changed.map((line) => `  ${line}`)] : [];
  });
  return lines.length > 0 ? lines : undefined;
}

export function policyExtra(held: HeldRole): Evidence {
  const { inline, attached, instanceProfiles } = extrasOf(held);
  const lines = [
    ...inline.flatMap((name) => [`+ inline policy ${name}`, ...statementsOf(held, name)]),
    ...attached.map((arn) => `+ attached policy ${arn}`),
    ...instanceProfiles.map((name) => `+ instance profile ${name}`),
  ];
  return lines.length > 0 ? lines : undefined;
}

/** What hangs on the role that its grant does not call for, by name. */
export function extrasOf({ role, record }: Pick<HeldRole, 'role' | 'record'>): {
  readonly inline: readonly string[];
  readonly attached: readonly string[];
  readonly instanceProfiles: readonly string[];
} {
  const expected = expectedPolicies(record);
  const { attached, instanceProfiles } = role;
  return {
    inline: role.inline.map(({ name }) => name).filter((name) => !expected.has(name)),
    attached,
    instanceProfiles,
  };
}

export function boundaryMissing({ role, around }: HeldRole): Evidence {
  if (role.boundaryArn === around.boundaryArn) return undefined;
  return [
    `- permissions boundary ${around.boundaryArn}`,
    role.boundaryArn ? `+ permissions boundary ${role.boundaryArn}` : '+ no permissions boundary',
  ];
}

export function tagsDrifted({ role, record, around }: HeldRole): Evidence {
  const lines = Object.entries(tagsOf(record, around.boundaryArn)).flatMap(([key, value]) => {
    const found = role.tags[key];
    if (found === value) return [];
    return [`- tag ${key} = ${value}`, found === undefined ? `+ no tag ${key}` : `+ tag ${key} = ${found}`];
  });
  return lines.length > 0 ? lines : undefined;
}

export function idlenessOfRole({ role, record, around }: HeldRole): Idleness | undefined {
  return record.status === 'active' ? idlenessOf(record, role.lastUsedAt, around.unused, around) : undefined;
}

export function grantUnused(held: HeldRole): Evidence {
  const idle = idlenessOfRole(held);
  if (!idle) return undefined;
  const { suspendDays } = held.around.unused;
  return [
    `Not used since ${idle.since}: ${idle.days} days.`,
    ...(suspendDays === undefined
      ? []
      : [
          idle.maySuspend
            ? `It was announced, and ${suspendDays} days are over: an audit in mode repair suspends it.`
            : `An audit in mode repair suspends it after ${suspendDays} days, once an earlier audit has announced it.`,
        ]),
  ];
}

/** The documents that the grant calls for, by the name of the inline policy. */
function expectedPolicies(record: GrantRecord): ReadonlyMap<string, ReadDocument> {
  return new Map([
    [record.proven?.slot ?? 'invoke', read(permissionDocument(record))],
    ...(record.status === 'suspended' ? [['deny', read(denyDocument)] as const] : []),
  ]);
}

function trustDifferences({ record, around }: HeldRole, trust: ReadDocument | undefined): Evidence {
  if (!trust) return ['+ the trust policy could not be read'];
  const lines = differences(read(trustDocument(record, around)), trust, hiddenOf(record));
  return lines.length > 0 ? lines : undefined;
}

/** The trust with the grant's own principals in the place of deleted ones: what then still differs was changed besides. */
function withoutDeleted({ role: { trust }, record, around }: HeldRole): ReadDocument | undefined {
  if (!trust || !hasDeletedPrincipal(trust)) return trust;
  const wanted = read(trustDocument(record, around)).statements;
  const statements = trust.statements.map((statement) => {
    const { principals = [], sid } = statement;
    if (!principals.some(isUniqueId)) return statement;
    const own = wanted.find((one) => one.sid === sid)?.principals ?? [];
    const left = principals.filter((one) => !isUniqueId(one));
    return { ...statement, principals: [...new Set([...left, ...own])].sort() };
  });
  return { ...trust, statements };
}

function hasDeletedPrincipal(trust: ReadDocument | undefined): boolean {
  return principalsOf(trust).some(isUniqueId);
}

function principalsOf(trust: ReadDocument | undefined): readonly string[] {
  return trust?.statements.flatMap(({ principals }) => principals ?? []) ?? [];
}

function statementsOf({ role, record }: HeldRole, name: string): string[] {
  const { document } = role.inline.find((policy) => policy.name === name) ?? {};
  return (document?.statements ?? []).map(
    (statement) => `    ${factsOf(statement, hiddenOf(record)).join(', ')}`,
  );
}

/** The grant's own external ids have names; what they are stands in the grant, not in a finding. Its mark is no secret. */
function hiddenOf({ externalIds: { current, previous }, proven }: GrantRecord): Hidden {
  return new Map([
    ...(proven ? [[proven.mark, proven.mark] as const] : []),
    ...(previous ? [[previous.value, "(the grant's previous external id)"] as const] : []),
    [current, "(the grant's external id)"],
  ]);
}

function read(document: PolicyDocument): ReadDocument {
  const readable = readDocument(document);
  if (!readable) throw new TypeError('Sharemaker wrote a document that it cannot read.');
  return readable;
}
