/** The end of a grant: shut it, prove that it is shut, write the receipt, remove the role. */

import type { Receipt } from '../contract/grant.ts';
import type { Closing, GrantRecord, PolicySlot } from './grant.ts';
import { denyDocument, effectiveModes, markOf, shutTrustDocument } from './policies.ts';
import type { Answer, Session } from './probe.ts';
import { prove } from './proof.ts';
import { remember, statusOfGoal } from './transitions.ts';
import { OutOfTime, type Work } from './work.ts';

const slots: readonly PolicySlot[] = ['invoke', 'invoke-next'];

export async function close(work: Work): Promise<void> {
  const { goal, failure } = work.record;
  if (goal !== 'failed') {
    if (!work.record.receipt) await proveDead(work);
    return finish(work);
  }
  if (failure?.code === 'role.name_taken') return settle(work);
  // It never became active, so no child was offered it: nothing is to be proven, but a session may have been had.
  await shut(work, markOf(work.record, 1));
  return finish(work);
}

/** What was seen of a death so far; written on as the probes answer. */
type Seen = { -readonly [K in keyof Closing]: Closing[K] };

async function proveDead(work: Work): Promise<void> {
  const seen: Seen = { askedAt: new Date(work.clock.now()).toISOString(), ...work.record.closing };
  try {
    const receipt = await seenDead(work, seen);
    await work.store({ ...work.record, receipt });
  } catch (error) {
    if (error instanceof OutOfTime) await work.store({ ...work.record, closing: seen });
    throw error;
  }
}

/**
 * Two proofs: a session that worked no longer does, and a fresh one cannot be had. The mark tells that the answers are those
 * of an IAM which has heard of the end, and not of one that was shut for some earlier reason.
 */
async function seenDead(work: Work, seen: Seen): Promise<Receipt> {
  const { prober, record } = work;
  const mark = markOf(record, 1);
  let session = await takeSession(work, seen);
  const fresh = {
    wanted: 'denied',
    ask: async () => note((await prober.assume(record, record.externalIds.current)).answer, work, seen),
  } as const;
  if (!(await shut(work, mark))) {
    if (mayNotShowYet(work)) throw new OutOfTime();
    const [freshDenied = 0] = await prove(work, fresh);
    return receiptOf(work, {
      ...seen,
      freshDeniedAt: iso(freshDenied),
      note: 'There was no role any more when the end was asked for.',
    });
  }
  const before = {
    wanted: 'denied',
    ask: async () => (session ? note(await invokeAnyMode(work, session), work, seen) : 'unclear'),
  } as const;
  await prove(work, {
    wanted: 'allowed',
    async ask() {
      // What is denied before the mark is let through proves nothing; what is allowed until then is noted.
      const [entered] = await Promise.all([prober.assume(record, mark), fresh.ask(), before.ask()]);
      // Where none could be had before (the process died, the date has passed), this one is seen to be refused.
      session ??= entered.session;
      return entered.answer;
    },
  });
  const [freshDenied = 0, sessionDenied = 0] = await prove(work, fresh, before);
  return receiptOf(work, {
    ...seen,
    sessionDeniedAt: iso(sessionDenied),
    freshDeniedAt: iso(freshDenied),
  });
}

/** Taken before anything is shut, so that the proof is about a session that worked. */
async function takeSession(work: Work, seen: Seen): Promise<Session | undefined> {
  const { prober, record } = work;
  // Whatever keeps STS from answering must not keep the deny from being put.
  const { session } = await prober
    .assume(record, record.externalIds.current)
    .catch((): { session?: Session } => ({}));
  if (session) note(await invokeAnyMode(work, session), work, seen);
  return session;
}

/** Deny, then the permissions, then the trust; false when there is no role any more. Live sessions are cut by the deny. */
async function shut(work: Work, mark: string): Promise<boolean> {
  const { record, shareRole } = work;
  await work.checkpoint();
  if (!(await shareRole.putPolicy(record, 'deny', denyDocument))) return false;
  for (const slot of slots) {
    await work.checkpoint();
    await shareRole.dropPolicy(record, slot);
  }
  await work.checkpoint();
  return shareRole.putTrust(record, shutTrustDocument(record, work, mark));
}

/** IAM is eventually consistent: the call after CreateRole may be told that there is no such role. */
const newRoleShowsWithinMs = 120_000;

/** Whoever was overtaken by the end may just have made the role, for the first time or again. */
function mayNotShowYet({ record, clock }: Work): boolean {
  const hasOvertaken = record.generation > record.provenGeneration + 1;
  const askedAt = Date.parse(record.closing?.askedAt ?? record.updatedAt);
  return hasOvertaken && clock.now() - askedAt < newRoleShowsWithinMs;
}

function note(answer: Answer, work: Work, seen: Seen): Answer {
  if (answer === 'allowed') seen.lastAllowedAt = iso(work.clock.now());
  return answer;
}

/** Denied only when every mode the grant ever had is denied. */
async function invokeAnyMode(work: Work, session: Session): Promise<Answer> {
  const { record } = work;
  const modes = effectiveModes([...record.modes, ...(record.proven?.terms.modes ?? [])]);
  const answers: Answer[] = [];
  for (const mode of modes) answers.push(await work.prober.invoke(record, mode, session));
  if (answers.includes('allowed')) return 'allowed';
  return answers.includes('unclear') ? 'unclear' : 'denied';
}

function receiptOf(work: Work, seen: Omit<Receipt, 'provenAt' | 'seconds'>): Receipt {
  const now = work.clock.now();
  return { ...seen, provenAt: iso(now), seconds: (now - Date.parse(seen.askedAt)) / 1000 };
}

async function finish(work: Work): Promise<void> {
  await work.checkpoint();
  await work.shareRole.remove(work.record);
  await settle(work);
}

async function settle(work: Work): Promise<void> {
  const now = work.clock.now();
  const { pending: _done, closing: _closed, ...rest } = work.record;
  const ended: GrantRecord = {
    ...rest,
    status: statusOfGoal[work.record.goal],
    provenGeneration: work.record.generation,
    externalIds: { current: rest.externalIds.current },
    ...(rest.receipt && { receipt: { ...rest.receipt, roleRemovedAt: iso(now) } }),
  };
  await work.store(
    remember(ended, { at: now, by: 'sharemaker', event: `grant.${ended.status}`, ...detailOf(ended) }),
  );
}

function detailOf({ receipt, failure }: GrantRecord): { detail?: string } {
  if (failure) return { detail: failure.detail };
  return receipt ? { detail: `Proven dead ${receipt.seconds.toFixed(1)} s after it was asked for.` } : {};
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
