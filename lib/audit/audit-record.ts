/** The record of one audit: what its callers read, and how far it has come. Pure. */

import type { Audit } from '../contract/audit.ts';
import type { PageKey } from '../grant/grant-store.ts';
import type { Found } from './findings.ts';

/** In the order in which an audit goes through them; each in steps that can be repeated. */
export const phases = ['roles', 'chains', 'grants', 'probes', 'alerts', 'repair', 'alertsAgain'] as const;
export type Phase = (typeof phases)[number];

export interface AuditRecord extends Audit {
  readonly phase: Phase;
  /** IAM's marker of the next page of roles. */
  readonly marker?: string;
  /** The next page of grants. */
  readonly grantsFrom?: { readonly status: number; readonly key?: PageKey };
  /** The grants to probe, the next one first. */
  readonly sample: readonly Sampled[];
  /** How many chunks of findings are stored, and which is next to be repaired or alerted about. */
  readonly chunks: number;
  readonly chunk: number;
  /** How often in a row it was taken up without getting any further. */
  readonly attempts: number;
  /** When repair began on the chunk. ISO 8601. */
  readonly repairSince?: string;
  /** What could not be looked at so far, and why. */
  readonly unseen?: readonly string[];
  /** Alerts were not taken. */
  readonly isUntold?: true;
}

export interface Sampled {
  readonly grantId: string;
  /** The lowest are probed; different grants in every audit. */
  readonly lot: number;
  /** Its role may let through too much. */
  readonly isSuspect: boolean;
}

export function startAudit(
  id: string,
  { mode, by, now }: { readonly mode: Audit['mode']; readonly by: string; readonly now: number },
): AuditRecord {
  return {
    id,
    status: 'running',
    mode,
    startedAt: new Date(now).toISOString(),
    startedBy: by,
    counts: { rolesRead: 0, grantsCompared: 0, iamCalls: 0, findings: 0, high: 0, repaired: 0, seconds: 0 },
    ...unread,
    attempts: 0,
  };
}

/** Back to the first page: what was found so far is found again. */
export function startOver({
  marker: _gone,
  grantsFrom: _from,
  unseen: _again,
  ...record
}: AuditRecord): AuditRecord {
  const counts = { ...record.counts, rolesRead: 0, grantsCompared: 0, findings: 0, high: 0, repaired: 0 };
  return { ...record, counts, ...unread };
}

const unread = { phase: 'roles', sample: [], chunks: 0, chunk: 0 } as const;

/** The next phase, from its start; undefined after the last. */
export function nextPhase(record: AuditRecord): AuditRecord | undefined {
  const phase = phases[phases.indexOf(record.phase) + 1];
  const { marker: _read, grantsFrom: _compared, repairSince: _mended, ...rest } = record;
  return phase && { ...rest, phase, chunk: 0 };
}

/** Each reason once, so that it reads the same whatever the audit happened to look at. */
export function withUnseen(record: AuditRecord, reason: string): AuditRecord {
  return { ...record, unseen: [...new Set([...(record.unseen ?? []), reason])] };
}

/** Of an error only its name: its message may quote a policy, and with it an external id. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.name : 'an error';
}

/** How callers see it. */
export function publicAudit({
  id,
  status,
  mode,
  startedAt,
  finishedAt,
  startedBy,
  counts,
}: AuditRecord): Audit {
  return { id, status, mode, startedAt, ...(finishedAt && { finishedAt }), startedBy, counts };
}

/** DynamoDB: an item has at most 400 KB, of UTF-8; a finding has about 20 KB at most, and repair adds to it. */
const chunkBytesMax = 250_000;
/** As many as one message can tell of. */
const chunkSizeMax = 20;

/** Whole groups (all that is wrong with one thing) stay in one chunk, so that it is mended once. */
export function chunksOf(groups: readonly (readonly Found[])[]): Found[][] {
  const chunks: Found[][] = [];
  let last: Found[] | undefined;
  let lastBytes = 0;
  for (const group of groups.filter(({ length }) => length > 0)) {
    const bytes = Buffer.byteLength(JSON.stringify(group));
    if (!last || last.length + group.length > chunkSizeMax || lastBytes + bytes > chunkBytesMax) {
      last = [];
      lastBytes = 0;
      chunks.push(last);
    }
    last.push(...group);
    lastBytes += bytes;
  }
  return chunks;
}
