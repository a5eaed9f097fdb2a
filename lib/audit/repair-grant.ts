/** Mending a living grant: its role's frame first, then the lifecycle, which writes the documents anew and proves them. */

import { type GrantRecord, hasEnded, isOver, isSettled } from '../grant/grant.ts';
import type { StoredGrant } from '../grant/grant-item.ts';
import { advance, change, leaseMs } from '../grant/lifecycle.ts';
import { permissionDocument } from '../grant/policies.ts';
import { ask, askRepair, remember } from '../grant/transitions.ts';
import type { Found } from './findings.ts';
import { neighbourNames, tooWide } from './probe-sample.ts';
import type { Outcome, Repair } from './repair.ts';

/** What one grant may take before others have their turn. */
const turnMs = 30_000;

/** Ends what has expired, finishes what is stuck. */
export async function advanceGrant(found: readonly Found[], repair: Repair): Promise<Outcome> {
  const { broker } = repair.auditor;
  const record = await advance(grantOf(found), broker, turnOf(repair));
  return settledOrUnderWay(record);
}

/** Puts back boundary, tags, session and documents, drops what is too much, and has all of it proven. */
export async function restoreGrant(found: readonly Found[], repair: Repair): Promise<Outcome> {
  const { broker } = repair.auditor;
  const stored = await broker.store.require(grantOf(found));
  if (hasEnded(stored.record)) return { repair: 'repaired', detail: `The grant is ${stored.record.status}.` };
  if (wasRepaired(stored.record, repair)) return proven(stored.record, found, repair);
  // What somebody asked for meanwhile writes the documents anew, too; the frame is mended once it is settled.
  const record = isSettled(stored.record)
    ? await repairUnderLease(stored, found, repair)
    : await advance(stored.record.id, broker, turnOf(repair));
  if (record && wasRepaired(record, repair)) return proven(record, found, repair);
  return record ? underWay(record) : { isUnderWay: true, because: 'somebody else is moving the grant' };
}

/** Announces first; suspends once an earlier audit has announced it, and only in mode repair. */
export async function suspendUnused(found: readonly Found[], repair: Repair): Promise<Outcome> {
  const { auditor, audit } = repair;
  const { store, clock } = auditor.broker;
  const id = grantOf(found);
  const maySuspend = found.some((one) => one.maySuspend);
  if (maySuspend && audit.mode === 'repair') {
    const asked = { by: audit.startedBy, now: clock.now() };
    await change(id, store, (record) =>
      record.status === 'active' && !isOver(record, asked.now) ? ask(record, 'suspend', asked) : record,
    );
    const record = await advance(id, auditor.broker, turnOf(repair));
    return settledOrUnderWay(record);
  }
  if (found.some((one) => one.isAnnounced))
    return { repair: 'reported', detail: 'Announced by an earlier audit.' };
  await change(id, store, (record) => announced(record, repair, clock.now()));
  return { repair: 'reported', detail: 'Announced in the history of the grant.' };
}

/** The lease keeps the schedule, and other audits, away from the role while its frame is mended. */
async function repairUnderLease(
  stored: StoredGrant,
  found: readonly Found[],
  { auditor, audit, deadlineAt }: Repair,
): Promise<GrantRecord | undefined> {
  const { broker } = auditor;
  const { store, shareRole, clock } = broker;
  const { record } = stored;
  const holder = broker.newHolder();
  /** Undefined when it is lost. */
  const renew = async () => {
    const now = clock.now();
    const lease = { holder, until: now + leaseMs };
    return (await store.lease(record, lease, now)) ? lease : undefined;
  };
  const extras = found.flatMap((one) => one.extras ?? []);
  const { slot = 'invoke' } = record.proven ?? {};
  const mends: (() => Promise<unknown>)[] = [
    // The boundary comes first: without it IAM refuses the broker everything else.
    () => shareRole.restoreFrame(record),
    ...extras.flatMap(({ inline }) => inline.map((name) => () => shareRole.dropPolicy(record, name))),
    ...extras.flatMap(({ attached }) => attached.map((arn) => () => shareRole.dropAttached(record, arn))),
    // A policy that is too wide must not stay for as long as the proof of its successor takes.
    () => shareRole.putPolicy(record, slot, permissionDocument(record)),
  ];
  for (const mend of mends) {
    if (!(await renew())) return undefined;
    await mend().catch(async (error: unknown) => {
      // The lease is given back, so that the next attempt need not wait for its end.
      await store.amend(record, { holder, until: 0 });
      throw error;
    });
  }
  const lease = await renew();
  if (!lease) return undefined;
  const asked = { by: audit.startedBy, now: clock.now() };
  if (!(await store.put(askRepair(record, asked), { record, lease }))) return undefined;
  return advance(record.id, broker, turnOf({ auditor, deadlineAt }), { holder });
}

/** What probes found too wide is probed again; documents alone would not have shown it. */
async function proven(record: GrantRecord, found: readonly Found[], { auditor }: Repair): Promise<Outcome> {
  const wasProbed = found.some(({ finding }) => finding.code === 'access.too_wide');
  const lines = wasProbed ? await tooWide(record, auditor, await neighbourNames(auditor)) : [];
  if (lines.length > 0)
    return { repair: 'failed', detail: `The documents are as granted, and still: ${lines.join('; ')}` };
  const byHand = found.flatMap((one) => one.byHand ?? []);
  const leftOut = found.reduce((sum, { extras }) => sum + (extras?.leftOut ?? 0), 0);
  if (leftOut > 0) return { repair: 'failed', detail: `The next audit drops ${leftOut} policies more.` };
  if (byHand.length > 0) return { repair: 'failed', detail: `Left to you: ${byHand.join(', ')}.` };
  return { repair: 'repaired', detail: 'As granted again, and proven by probes.' };
}

function settledOrUnderWay(record: GrantRecord): Outcome {
  if (!isSettled(record)) return underWay(record);
  return { repair: 'repaired', detail: `The grant is ${record.status}.` };
}

function underWay({ pending }: GrantRecord): Outcome {
  return { isUnderWay: true, ...(pending?.lastError && { because: pending.lastError }) };
}

function wasRepaired(record: GrantRecord, { audit }: Repair): boolean {
  return (
    isSettled(record) &&
    record.history.some(({ event, at }) => event === 'grant.repaired' && at >= audit.startedAt)
  );
}

function announced(record: GrantRecord, { audit }: Repair, now: number): GrantRecord {
  if (record.status !== 'active' || (record.unusedSince && record.unusedSince >= audit.startedAt))
    return record;
  const entry = {
    at: now,
    by: audit.startedBy,
    event: 'grant.unused',
    detail: 'The child has not used it for long.',
  };
  return { ...remember(record, entry), unusedSince: new Date(now).toISOString() };
}

function turnOf({ auditor, deadlineAt }: Pick<Repair, 'auditor' | 'deadlineAt'>): number {
  return Math.min(deadlineAt, auditor.broker.clock.now() + turnMs);
}

function grantOf(found: readonly Found[]): string {
  const id = found[0]?.finding.grantId;
  if (!id) throw new TypeError('Only findings of grants can be mended this way.');
  return id;
}
