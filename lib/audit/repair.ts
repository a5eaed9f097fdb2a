/** The phase that mends what belongs to Sharemaker, and announces what it will do about unused grants. Nothing else is touched. */

import type { Finding } from '../contract/audit.ts';
import { forgetRepaired } from './alerts.ts';
import { type AuditRecord, nextPhase, reasonOf } from './audit-record.ts';
import type { Auditor, StartPhase } from './auditor.ts';
import { type Found, findingKinds, type Mending } from './findings.ts';
import { advanceGrant, restoreGrant, suspendUnused } from './repair-grant.ts';
import { removeOrphan } from './repair-orphan.ts';

/** What became of it. */
export type Outcome =
  | { readonly repair: NonNullable<Finding['repair']>; readonly detail: string }
  /** It wants to be looked at again. */
  | { readonly isUnderWay: true; readonly because?: string };

export interface Repair {
  readonly auditor: Auditor;
  readonly audit: AuditRecord;
  readonly deadlineAt: number;
}

/** How long one chunk of findings is worked on before what is still under way counts as failed. IAM may be minutes behind. */
const patienceMs = 10 * 60_000;

/** A step begins no more after this, so that it and the last turn it gave end while the audit is still held (holdMs). */
const stepMs = 60_000;

/** Between looks at what is under way: the longer it takes, the longer. */
const pauseMs = (waitedMs: number) => Math.min(15_000, Math.max(500, waitedMs / 4));

/** IAM throttles an account, not a caller. */
const sideBySide = 4;

const mendings: Readonly<Record<Mending, (found: readonly Found[], repair: Repair) => Promise<Outcome>>> = {
  advance: advanceGrant,
  restore: restoreGrant,
  remove: removeOrphan,
  suspend: suspendUnused,
};

export const repairFindings: StartPhase = async (auditor) => async (audit, deadlineAt) => {
  if (audit.chunk >= audit.chunks) return { next: nextPhase(audit) };
  const { clock } = auditor.broker;
  const now = clock.now();
  const since = audit.repairSince ?? new Date(now).toISOString();
  const chunk = await auditor.audits.getChunk(audit.id, audit.chunk);
  const mended = await mendAll(chunk, { auditor, audit, deadlineAt });
  const isImpatient = now - Date.parse(since) > patienceMs;
  const decided = isImpatient ? mended.map(giveUp) : mended;
  if (decided.some((found, index) => found !== chunk[index]))
    await auditor.audits.putChunk(audit.id, audit.chunk, decided);
  if (decided.some((found) => isOpen(found, audit))) {
    await clock.sleep(Math.min(pauseMs(now - Date.parse(since)), Math.max(0, deadlineAt - clock.now())));
    return { next: { ...audit, repairSince: since } };
  }
  const repaired = decided.filter(({ finding }) => finding.repair === 'repaired').length;
  await forgetRepaired(auditor, decided);
  const { repairSince: _over, ...rest } = audit;
  const counts = { ...audit.counts, repaired: audit.counts.repaired + repaired };
  return { next: { ...rest, counts, chunk: audit.chunk + 1 } };
};

async function mendAll(chunk: readonly Found[], repair: Repair): Promise<Found[]> {
  const { clock } = repair.auditor.broker;
  const until = Math.min(repair.deadlineAt, clock.now() + stepMs);
  const open = chunk.filter((found) => isOpen(found, repair.audit));
  const groups = Map.groupBy(open, ({ finding }) => finding.grantId ?? finding.subject);
  const queue = groups.values();
  const outcomes = new Map<Found, Found>();
  const work = async () => {
    for (const group of queue) {
      for (const [found, after] of await mendGroup(group, repair)) outcomes.set(found, after);
      if (clock.now() >= until) return;
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
  return chunk.map((found) => outcomes.get(found) ?? found);
}

/** In mode report nothing is mended; but what a later audit may do is announced. */
function isOpen({ finding }: Found, { mode }: AuditRecord): boolean {
  return (
    finding.repair === undefined && (mode === 'repair' || findingKinds[finding.code].mending === 'suspend')
  );
}

/** All that is wrong with one thing, one kind of mending after the other. */
async function mendGroup(group: readonly Found[], repair: Repair): Promise<[Found, Found][]> {
  const changed: [Found, Found][] = [];
  for (const [mending, open] of Map.groupBy(group, ({ finding }) => findingKinds[finding.code].mending)) {
    const outcome = mending ? await attempt(mending, open, repair) : onlyReported(open);
    for (const found of open) changed.push([found, withOutcome(found, outcome)]);
  }
  return changed;
}

async function attempt(mending: Mending, open: readonly Found[], repair: Repair): Promise<Outcome> {
  try {
    return await mendings[mending](open, repair);
  } catch (error) {
    // IAM may not have seen an earlier step yet. It is tried again while patience lasts.
    return { isUnderWay: true, because: reasonOf(error) };
  }
}

function onlyReported(open: readonly Found[]): Outcome {
  const [found] = open;
  return {
    repair: 'reported',
    detail: `Only reported: ${found && findingKinds[found.finding.code].onlyReported}.`,
  };
}

function withOutcome({ underWay: _was, ...found }: Found, outcome: Outcome): Found {
  if ('isUnderWay' in outcome) return { ...found, underWay: outcome.because ?? 'it was not proven in time' };
  const { repair, detail } = outcome;
  return { ...found, finding: { ...found.finding, repair, repairDetail: detail } };
}

function giveUp({ underWay, ...found }: Found): Found {
  if (underWay === undefined) return found;
  const repairDetail = `Not done within ten minutes: ${underWay}. The schedule and the next audit go on with it.`;
  return { ...found, finding: { ...found.finding, repair: 'failed', repairDetail } };
}
