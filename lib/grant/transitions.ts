/** What may be asked of a grant in which state, and what then changes. Pure; docs/lifecycle.md is drawn from the tables. */

import type { GrantStatus, UpdateGrantBody } from '../contract/grant.ts';
import { Problem, type ProblemCode } from '../contract/problems.ts';
import { asyncPlaces, checkShare, warningsOf } from './draft.ts';
import type { DescribedEndpoint } from './endpoints.ts';
import {
  endedStatuses,
  type Goal,
  type GrantRecord,
  hasEnded,
  historyEntriesMax,
  isOver,
  isSettled,
} from './grant.ts';
import type { PolicySettings } from './policies.ts';

export type Request = 'update' | 'suspend' | 'resume' | 'rotate' | 'revoke';

type Verdict = 'accept' | 'already' | ProblemCode;

/** Asked for in a state: accepted, already so (idempotent), or refused with a code. */
export const verdicts: Readonly<Record<Request, Readonly<Record<GrantStatus, Verdict>>>> = {
  update: row({
    provisioning: 'grant.not_ready',
    active: 'accept',
    suspended: 'accept',
    ended: 'grant.ended',
  }),
  suspend: row({
    provisioning: 'grant.not_ready',
    active: 'accept',
    suspended: 'accept',
    ended: 'grant.ended',
  }),
  resume: row({
    provisioning: 'grant.not_ready',
    active: 'accept',
    suspended: 'accept',
    ended: 'grant.ended',
  }),
  rotate: row({
    provisioning: 'grant.not_ready',
    active: 'accept',
    suspended: 'accept',
    ended: 'grant.ended',
  }),
  revoke: row({ provisioning: 'accept', active: 'accept', suspended: 'accept', ended: 'already' }),
};

/** The states between which a grant moves, and what moves it. */
export const moves: readonly {
  readonly from: GrantStatus | 'none';
  readonly to: GrantStatus;
  readonly by: string;
}[] = [
  { from: 'none', to: 'provisioning', by: 'create' },
  { from: 'provisioning', to: 'active', by: 'probes succeed' },
  { from: 'provisioning', to: 'failed', by: 'IAM refuses, or the probes do not succeed in time' },
  { from: 'provisioning', to: 'revoking', by: 'revoke, or its date' },
  { from: 'active', to: 'active', by: 'update, rotate' },
  { from: 'active', to: 'suspended', by: 'suspend, proven shut' },
  { from: 'suspended', to: 'active', by: 'resume, proven open' },
  { from: 'active', to: 'revoking', by: 'revoke, or its date' },
  { from: 'suspended', to: 'revoking', by: 'revoke, or its date' },
  { from: 'revoking', to: 'revoked', by: 'proven dead after a revoke' },
  { from: 'revoking', to: 'expired', by: 'proven dead after its date' },
];

/** The only states a goal may end in; a test walks every path against `moves`. */
export const statusOfGoal: Readonly<Record<Goal, GrantStatus>> = {
  active: 'active',
  suspended: 'suspended',
  revoked: 'revoked',
  expired: 'expired',
  failed: 'failed',
};

export interface Asked {
  /** The caller's ARN. */
  readonly by: string;
  readonly now: number;
}

/** The record to store, or the same record where nothing is left to do. Throws Problem `grant.not_ready`, `grant.ended`. */
export function ask(
  record: GrantRecord,
  request: Exclude<Request, 'update' | 'rotate'>,
  asked: Asked,
): GrantRecord {
  const goal: Goal = request === 'suspend' ? 'suspended' : request === 'resume' ? 'active' : 'revoked';
  // What could not be provisioned is being taken away already.
  const isGoingThere = record.goal === goal || record.goal === 'failed';
  if (verdictOf(record, request, asked.now) === 'already' || isGoingThere) return record;
  const status = request === 'revoke' ? 'revoking' : record.status;
  return pend(
    {
      ...record,
      goal,
      status,
      ...(request === 'suspend' && { isDenied: true }),
      ...(request === 'revoke' && { closing: { askedAt: iso(asked.now) } }),
    },
    request,
    asked,
  );
}

/** RFC 7396: absent stays, null removes. Throws Problem `grant.*` as create does. */
export function askUpdate(
  record: GrantRecord,
  patch: UpdateGrantBody,
  asked: Asked,
  around: UpdateSurroundings,
): GrantRecord {
  verdictOf(record, 'update', asked.now);
  const { targets: _targets, conditions: _conditions, note: _note, async: _async, ...rest } = record;
  const targets = merged(patch.targets, record.targets);
  const conditions = merged(patch.conditions, record.conditions);
  const note = merged(patch.note, record.note);
  const shape = {
    ...rest,
    ...(patch.modes && { modes: patch.modes }),
    ...(patch.expiresAt && { expiresAt: patch.expiresAt }),
    ...(targets && { targets }),
    ...(conditions && { conditions }),
    ...(note !== undefined && { note }),
  };
  const { endpoint } = around;
  const places = endpoint
    ? asyncPlaces(shape, { ...around, endpoint })
    : { ...(record.async && { async: record.async }) };
  const share = { ...shape, ...places, externalIds: boundedGrace(shape) };
  checkShare(share, { ...around, now: asked.now });
  const changed = { ...share, ...(endpoint && { warnings: warningsOf(share, endpoint) }) };
  const isNoteOnly = Object.keys(patch).every((field) => field === 'note');
  return isNoteOnly
    ? remember(changed, { at: asked.now, by: asked.by, event: 'grant.noted' })
    : pend(changed, 'update', asked);
}

/** A grant whose endpoint is failing or gone can still be shortened. */
export function needsEndpoint({ modes, targets, conditions }: UpdateGrantBody): boolean {
  return modes !== undefined || targets !== undefined || conditions !== undefined;
}

export interface UpdateSurroundings extends PolicySettings {
  /** As SageMaker describes it now; not needed where `needsEndpoint` says so. */
  readonly endpoint: DescribedEndpoint | undefined;
  readonly asyncBucket: string;
}

/**
 * A rotation that is under way is the one that was asked for, however often; a shorter grace period shortens its own, because
 * whoever asks for that has reason to fear for the old external id.
 */
export function askRotation(
  record: GrantRecord,
  graceSeconds: number,
  externalId: string,
  asked: Asked,
): GrantRecord {
  verdictOf(record, 'rotate', asked.now);
  const { current, next, previous, retired = [] } = record.externalIds;
  if (next) {
    if (graceSeconds >= next.graceSeconds) return record;
    const shorter = { ...record.externalIds, next: { ...next, graceSeconds } };
    return remember({ ...record, externalIds: shorter }, shortened(asked));
  }
  const isRotating = !isSettled(record) && record.pending?.operation === 'rotate';
  if (previous && isRotating) {
    const validUntil = iso(asked.now + graceSeconds * 1000);
    if (validUntil >= previous.validUntil) return record;
    const shorter =
      graceSeconds > 0
        ? { ...record.externalIds, previous: { ...previous, validUntil } }
        : { current, retired: [previous.value, ...retired] };
    return pend({ ...record, externalIds: shorter }, 'rotate', asked);
  }
  if (isRotating) return record;
  const externalIds = { ...record.externalIds, next: { value: externalId, graceSeconds } };
  return pend({ ...record, externalIds }, 'rotate', asked);
}

function shortened({ by, now }: Asked): Memory {
  return { at: now, by, event: 'grant.rotate_asked', detail: 'With a shorter grace period.' };
}

/** The grant's date has come. */
export function expire(record: GrantRecord, now: number): GrantRecord {
  const asked = { by: 'sharemaker', now };
  return pend(
    { ...record, goal: 'expired', status: 'revoking', closing: { askedAt: iso(now) } },
    'expire',
    asked,
  );
}

/** The grace period of a rotation is over. IAM has ended it by its date already; now it leaves the trust, and that is proven. */
export function retirePrevious(record: GrantRecord, now: number): GrantRecord {
  const { current, previous } = record.externalIds;
  const externalIds = { current, ...(previous && { retired: [previous.value] }) };
  return pend({ ...record, externalIds }, 'retire external id', { by: 'sharemaker', now });
}

/** IAM no longer says what the record says. Its role is looked at afresh: it may have been deleted, or made again by others. */
export function askRepair(record: GrantRecord, asked: Asked): GrantRecord {
  const { id: _former, ...role } = record.role;
  return pend({ ...record, role }, 'repair', asked);
}

/** It cannot become what was asked for: what was made of it is taken away again. */
export function giveUp(
  record: GrantRecord,
  failure: NonNullable<GrantRecord['failure']>,
  now: number,
): GrantRecord {
  return pend({ ...record, goal: 'failed', failure }, 'clean up', { by: 'sharemaker', now });
}

export interface Memory {
  readonly at: number;
  readonly by: string;
  readonly event: string;
  readonly detail?: string;
}

/** Every transition leaves an entry; the oldest but the first are forgotten beyond a bound. */
export function remember(record: GrantRecord, { at, by, event, detail }: Memory): GrantRecord {
  const entry = { at: iso(at), by, event, ...(detail && { detail }) };
  const [first, ...rest] = [...record.history, entry];
  const history = first ? [first, ...rest.slice(-(historyEntriesMax - 1))] : [];
  return { ...record, history, events: record.events + 1, updatedAt: iso(at) };
}

/** Throws Problem `grant.not_ready`, `grant.ended`. */
export function verdictOf(record: GrantRecord, request: Request, now: number): Verdict {
  const verdict = verdicts[request][record.status];
  // IAM has ended it already. What the schedule has not come to yet must not be revived by being asked first.
  if (verdict === 'accept' && request !== 'revoke' && isOver(record, now))
    throw new Problem(
      'grant.ended',
      `Grant ${record.id} ended at ${record.expiresAt}; it cannot ${request} now.`,
    );
  if (verdict === 'accept' || verdict === 'already') return verdict;
  throw new Problem(
    verdict,
    `Grant ${record.id} is ${record.status}${hasEnded(record) ? ' for good' : ''}; it cannot ${request} now.`,
  );
}

function pend(record: GrantRecord, operation: string, { by, now }: Asked): GrantRecord {
  return remember(
    { ...record, generation: record.generation + 1, pending: { operation, since: iso(now), by } },
    { at: now, by, event: `grant.${operation.replaceAll(' ', '_')}_asked` },
  );
}

/** A grant that was shortened takes its grace period along. */
function boundedGrace({
  externalIds,
  expiresAt,
}: Pick<GrantRecord, 'externalIds' | 'expiresAt'>): GrantRecord['externalIds'] {
  const { previous } = externalIds;
  return previous && previous.validUntil > expiresAt
    ? { ...externalIds, previous: { ...previous, validUntil: expiresAt } }
    : externalIds;
}

function merged<T>(patched: T | null | undefined, before: T | undefined): T | undefined {
  return patched === undefined ? before : (patched ?? undefined);
}

function row({
  provisioning,
  active,
  suspended,
  ended,
}: {
  provisioning: Verdict;
  active: Verdict;
  suspended: Verdict;
  ended: Verdict;
}) {
  const over = Object.fromEntries(['revoking', ...endedStatuses].map((status) => [status, ended])) as Record<
    'revoking' | 'revoked' | 'expired' | 'failed',
    Verdict
  >;
  return { provisioning, active, suspended, ...over };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
