/**
 * advance(grant): the one path on which a grant moves. It brings IAM to what the record asks for, proves it, and writes
 * down what was proven. Every step may be repeated, so a crash anywhere is mended by calling it again.
 *
 * Whoever advances a grant holds its lease, and renews it (on the very version that was read) before every change in IAM.
 * So a request that came meanwhile is noticed before the next change, and no two ever write at once.
 */

import { close } from './close.ts';
import { dueAt, type GrantRecord, isSettled } from './grant.ts';
import type { Lease, StoredGrant } from './grant-item.ts';
import type { GrantStore } from './grant-store.ts';
import { open, pause } from './open.ts';
import type { PolicySettings } from './policies.ts';
import type { Prober } from './probe.ts';
import type { ShareRole } from './share-role.ts';
import { expire, giveUp, retirePrevious } from './transitions.ts';
import { Hopeless, LostLease, OutOfTime, type Work } from './work.ts';

export interface Broker extends PolicySettings {
  readonly store: GrantStore;
  readonly shareRole: ShareRole;
  readonly prober: Prober;
  readonly clock: Work['clock'];
  /** Publishes history entries; where it fails, the schedule tries again. */
  readonly announce: (record: GrantRecord, entries: GrantRecord['history']) => Promise<void>;
  readonly newHolder: () => string;
}

/** What one call to AWS may take, with the attempts and times of connect-broker.ts. */
const callMsMax = 25_000;

/** Longer than any AWS call may take, so that no call made under a lease outlives it. */
export const leaseMs = 30_000;

/** How long a new grant may take to become active; IAM needs seconds, at worst minutes. */
export const provisioningMs = 15 * 60_000;

export interface AdvanceOptions {
  /** Whoever holds the lease already, where the caller has taken it. */
  readonly holder?: string;
  /** Where somebody else is at work: see until the deadline what they make of it, or leave it to them. */
  readonly ifHeld?: 'wait' | 'leave';
}

/** How often somebody else's work is looked at. */
const lookMs = 250;

const steps: Readonly<Record<GrantRecord['goal'], (work: Work) => Promise<void>>> = {
  active: open,
  suspended: pause,
  revoked: close,
  expired: close,
  failed: close,
};

/**
 * Moves a grant as far as the time allows and answers it as it then is. What AWS refuses is kept in `pending.lastError`
 * for the next attempt and not thrown. Throws Problem `grant.not_found`, and what DynamoDB throws.
 */
export async function advance(
  id: string,
  broker: Broker,
  deadlineAt: number,
  { holder = broker.newHolder(), ifHeld = 'wait' }: AdvanceOptions = {},
): Promise<GrantRecord> {
  for (;;) {
    const found = await broker.store.require(id);
    const now = broker.clock.now();
    if (isResting(found.record, now)) return found.record;
    const lease = { holder, until: now + leaseMs };
    if (await broker.store.lease(found.record, lease, now)) {
      const goesOn = await moveOnce({ record: found.record, lease }, broker, deadlineAt);
      if (!goesOn) return (await broker.store.require(id)).record;
    } else {
      // Somebody else is at work; where the deadline allows, see what they make of it.
      if (ifHeld === 'leave' || now + lookMs >= deadlineAt) return found.record;
      await broker.clock.sleep(lookMs);
    }
  }
}

/** Stores what `decide` makes of the grant; when somebody else was faster, decides again on what they left. */
export async function change(
  id: string,
  store: GrantStore,
  decide: (record: GrantRecord) => GrantRecord,
): Promise<GrantRecord | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const before = await store.require(id);
    const next = decide(before.record);
    if (next === before.record) return next;
    const stored = await store.put(next, before);
    if (stored) return stored.record;
  }
  return undefined;
}

function isResting(record: GrantRecord, now: number): boolean {
  const due = dueAt(record);
  return due === undefined || (isSettled(record) && due > now);
}

type LeasedGrant = StoredGrant & { readonly lease: Lease };

/** One transition, or the announcement of those that were made. False: no more can be done now, and the lease is given back. */
async function moveOnce(stored: LeasedGrant, broker: Broker, deadlineAt: number): Promise<boolean> {
  const next = byTheClock(stored.record, broker.clock.now());
  if (next) {
    await broker.store.put(next, stored); // When somebody else was faster, the next look shows what they did.
    return true;
  }
  if (isSettled(stored.record)) return announceNews(stored, broker);
  const work = workOn(stored, broker, deadlineAt);
  try {
    await steps[stored.record.goal](work);
    return true;
  } catch (error) {
    if (error instanceof LostLease) return true;
    const failure = failureOf(work.record, error, broker.clock.now());
    if (failure) {
      await broker.store.put(giveUp(work.record, failure, broker.clock.now()), work.stored);
      return true;
    }
    // Where it could not be handed back, a request has made a new version: this holder alone can take it up at once.
    return !(await postpone({ ...work.stored, lease: stored.lease }, error, broker));
  }
}

/** What time alone brings about. */
function byTheClock(record: GrantRecord, now: number): GrantRecord | undefined {
  const { previous } = record.externalIds;
  const isKept = record.goal === 'active' || record.goal === 'suspended';
  if (!isKept) return undefined;
  if (now >= Date.parse(record.expiresAt)) return expire(record, now);
  if (previous && now >= Date.parse(previous.validUntil) && isSettled(record))
    return retirePrevious(record, now);
  return undefined;
}

/** Why a new grant is given up; only after an attempt of its own, however late that came. */
function failureOf(record: GrantRecord, error: unknown, now: number): GrantRecord['failure'] {
  if (record.status !== 'provisioning' || record.goal !== 'active') return undefined;
  if (error instanceof Hopeless) return error.failure;
  if (now - Date.parse(record.createdAt) <= provisioningMs) return undefined;
  const detail =
    error instanceof OutOfTime ? 'The probes did not succeed within 15 minutes.' : describe(error);
  return { code: 'grant.not_proven', detail };
}

async function announceNews({ record, lease }: LeasedGrant, broker: Broker): Promise<boolean> {
  const news = record.history.slice(-(record.events - record.announced));
  try {
    await broker.announce(record, news);
  } catch {
    // A bus that takes nothing must not stand in the way of what else is due.
    const announceAt = iso(broker.clock.now() + announceAgainMs);
    return !(await broker.store.amend({ ...record, announceAt }, lease));
  }
  await broker.store.amend({ ...record, announced: record.events }, lease);
  return true;
}

const announceAgainMs = 5 * 60_000;

/** IAM's changes are visible within minutes: until then every run of the schedule looks. */
const patientMs = 5 * 60_000;
const retryMsMin = 5_000;
const retryMsMax = 600_000;

/** Tries again later, and after the first minutes the later the longer it has been trying. False: the grant has changed. */
async function postpone({ record, lease }: LeasedGrant, error: unknown, broker: Broker): Promise<boolean> {
  const now = broker.clock.now();
  const { pending } = record;
  if (!pending) return true;
  const ageMs = now - Date.parse(pending.since);
  const waitMs = ageMs < patientMs ? retryMsMin : Math.min(retryMsMax, ageMs / 4);
  const retryAt = iso(now + waitMs);
  const lastError = error instanceof OutOfTime ? pending.lastError : describe(error);
  return broker.store.amend(
    { ...record, pending: { ...pending, retryAt, ...(lastError && { lastError }) } },
    lease,
  );
}

/** The name only where AWS speaks: its messages may quote a policy, and with it an external id. */
function describe(error: unknown): string {
  if (error instanceof Hopeless) return error.failure.detail;
  return error instanceof Error ? `${error.name} stopped it.` : 'Something stopped it.';
}

function workOn(start: LeasedGrant, broker: Broker, deadlineAt: number): Work {
  let stored: StoredGrant = start;
  const { holder } = start.lease;
  return {
    shareRole: broker.shareRole,
    prober: broker.prober,
    clock: broker.clock,
    proberRoleArn: broker.proberRoleArn,
    deadlineAt,
    get record() {
      return stored.record;
    },
    get stored() {
      return stored;
    },
    async checkpoint() {
      const now = broker.clock.now();
      // Nothing can be proven open any more once its date has come.
      if (byTheClock(stored.record, now)) throw new LostLease();
      const lease = { holder, until: now + leaseMs };
      if (!(await broker.store.lease(stored.record, lease, now))) throw new LostLease();
      stored = { record: stored.record, lease };
      // A slow answer has used up the time that the next call may need.
      if (broker.clock.now() - now > leaseMs - callMsMax) await this.checkpoint();
    },
    async store(next) {
      const written = await broker.store.put(next, stored);
      if (!written) throw new LostLease();
      stored = written;
    },
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
