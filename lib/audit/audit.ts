/**
 * One audit at a time, in phases and steps. After every step the record says how far it has come, so that a run that dies,
 * or whose time is over, is gone on with from there by the next one. Memory holds one page, and of the whole account only what
 * chains of roles are made of.
 */

import { Problem } from '../contract/problems.ts';
import { newId } from '../grant/ids.ts';
import { sendAlerts, sendAlertsAgain } from './alerts.ts';
import { type AuditRecord, chunksOf, type Phase, startAudit } from './audit-record.ts';
import type { Auditor, StartPhase, Step, TakeStep } from './auditor.ts';
import { followChains } from './follow-chains.ts';
import { probeSample } from './probe-sample.ts';
import { readGrants } from './read-grants.ts';
import { readRoles } from './read-roles.ts';
import { repairFindings } from './repair.ts';

export interface AuditRequest {
  readonly mode: AuditRecord['mode'];
  /** The caller's ARN, or `schedule`. */
  readonly by: string;
}

/** Longer than any step takes: a page of roles, or a minute of repairs and the last one's turn. */
export const holdMs = 120_000;

/** What a step may need beyond its deadline, to be written down. */
const marginMs = 2_000;

const pauseMs = 200;

const busy = 'Another audit is just being begun; ask again in two minutes.';

/** An audit that is taken up this often without getting any further has failed. */
const attemptsMax = 5;

const startPhase: Readonly<Record<Phase, StartPhase>> = {
  roles: readRoles,
  chains: followChains,
  grants: readGrants,
  probes: probeSample,
  alerts: sendAlerts,
  repair: repairFindings,
  alertsAgain: sendAlertsAgain,
};

/**
 * Goes on with the unfinished audit, or begins one, as far as the time allows. Answers it as it then is: `finished`,
 * `failed`, or `running` when time is over or somebody else is at it. Throws what AWS throws (the audit can be gone on with), and
 * Problem `request.conflict` where time is over before it is known which audit somebody else is at.
 */
export async function runAudit(
  auditor: Auditor,
  request: AuditRequest,
  deadlineAt: number,
): Promise<AuditRecord> {
  const { audits, broker } = auditor;
  const holder = broker.newHolder();
  for (;;) {
    const now = broker.clock.now();
    const taken = await audits.take(holder, now, now + holdMs);
    if (!taken) {
      const record = await currentAudit(auditor);
      if (record) return record;
      // It is just being begun, or was just finished.
      if (broker.clock.now() + marginMs >= deadlineAt) throw new Problem('request.conflict', busy);
      await broker.clock.sleep(pauseMs);
      continue;
    }
    const left = taken.auditId === undefined ? undefined : await audits.get(taken.auditId);
    // Begun by name only, or finished but not released: there is nothing to go on with.
    const name = left ? undefined : taken.auditId;
    const record = left?.status === 'running' ? left : await begin(auditor, request, holder, name);
    const after = await goOn(auditor, record, holder, deadlineAt);
    // An audit of the other mode that was left unfinished is not what was asked for: the one that was begins now.
    if (after.mode === request.mode || after.status === 'running') return after;
  }
}

async function currentAudit({ audits }: Auditor): Promise<AuditRecord | undefined> {
  const id = await audits.current();
  return id === undefined ? undefined : audits.get(id);
}

async function begin(
  { audits, broker }: Auditor,
  request: AuditRequest,
  holder: string,
  id = newId('aud', broker.clock.now()),
): Promise<AuditRecord> {
  const now = broker.clock.now();
  await audits.take(holder, now, now + holdMs, id);
  const record = startAudit(id, { ...request, now });
  await audits.put(record);
  return record;
}

async function goOn(
  auditor: Auditor,
  taken: AuditRecord,
  holder: string,
  deadlineAt: number,
): Promise<AuditRecord> {
  const { audits, broker } = auditor;
  let record: AuditRecord = { ...taken, attempts: taken.attempts + 1 };
  try {
    if (record.attempts > attemptsMax) record = await giveUp(auditor, record);
    else await audits.put(record);
    let phase: Phase | undefined;
    let takeStep: TakeStep | undefined;
    while (record.status === 'running' && broker.clock.now() + marginMs < deadlineAt) {
      const startedAt = broker.clock.now();
      const callsBefore = auditor.inventory.calls;
      if (!takeStep || phase !== record.phase) takeStep = await startPhase[record.phase](auditor);
      phase = record.phase;
      const step = await takeStep(record, deadlineAt - marginMs);
      const effort = {
        iamCalls: auditor.inventory.calls - callsBefore,
        seconds: (broker.clock.now() - startedAt) / 1000,
      };
      const saved = await save(auditor, record, step, effort, holder);
      if (!saved) return audits.require(record.id);
      record = saved;
    }
    return record;
  } finally {
    await audits.release(holder, record.status !== 'running');
  }
}

/** Findings first, then the record that counts them: what a dead run left behind its record is overwritten. Undefined: somebody took over. */
async function save(
  auditor: Auditor,
  before: AuditRecord,
  step: Step,
  effort: { readonly iamCalls: number; readonly seconds: number },
  holder: string,
): Promise<AuditRecord | undefined> {
  const { audits, broker } = auditor;
  const now = broker.clock.now();
  if (!(await audits.take(holder, now, now + holdMs))) return undefined;
  const next = step.next ?? before;
  const chunks = chunksOf(step.found ?? []);
  for (const [index, chunk] of chunks.entries()) await audits.putChunk(before.id, next.chunks + index, chunk);
  const found = chunks.flat().map(({ finding }) => finding);
  const record: AuditRecord = {
    ...next,
    attempts: step.isKept === false ? before.attempts : 0,
    chunks: next.chunks + chunks.length,
    counts: {
      ...next.counts,
      findings: next.counts.findings + found.length,
      high: next.counts.high + found.filter(({ severity }) => severity === 'high').length,
      iamCalls: next.counts.iamCalls + effort.iamCalls,
      seconds: Math.round((next.counts.seconds + effort.seconds) * 1000) / 1000,
    },
  };
  if (!step.next) return finish(auditor, record, 'finished');
  await audits.put(record);
  return record;
}

async function giveUp(auditor: Auditor, record: AuditRecord): Promise<AuditRecord> {
  const failed = await finish(auditor, record, 'failed');
  // Whatever does not take the news may be why it failed; the next audit has to begin all the same.
  await auditor.alerts.tellFailed(failed).catch(() => {});
  return failed;
}

async function finish(
  { audits, broker }: Auditor,
  record: AuditRecord,
  status: 'finished' | 'failed',
): Promise<AuditRecord> {
  const finished = { ...record, status, finishedAt: new Date(broker.clock.now()).toISOString() };
  await audits.put(finished);
  return finished;
}
