/** The end of a grant: shut it, prove that it is shut, write the receipt, remove the role. */

import type { Receipt } from '../contract/grant.ts';
import type { Closing, GrantRecord, PolicySlot } from './grant.ts';
import { closedTrustDocument, denyDocument, effectiveModes, probeOnlyTrustDocument } from './policies.ts';
import type { Answer, Session } from './probe.ts';
import { prove, proveAll, type Question } from './proof.ts';
import { remember, statusOfGoal } from './transitions.ts';
import { OutOfTime, type Work } from './work.ts';

const slots: readonly PolicySlot[] = ['invoke', 'invoke-next'];

export async function close(work: Work): Promise<void> {
  // A grant that never became active has no child that could know its external id: nothing to prove, only to remove.
  if (work.record.goal === 'failed') return finish(work, work.record.failure?.code !== 'role.name_taken');
  if (!work.record.receipt) await proveDead(work);
  await finish(work, true);
}

/** What was seen of a death so far; written on as the probes answer. */
type Seen = { -readonly [K in keyof Closing]: Closing[K] };

/**
 * Two proofs: a session that worked no longer does, and a fresh one cannot be had. IAM may need longer for either than one
 * attempt has, so what was seen is kept for the next.
 */
async function proveDead(work: Work): Promise<void> {
  const seen: Seen = { askedAt: new Date(work.clock.now()).toISOString(), ...work.record.closing };
  try {
    await proveBoth(work, seen);
  } catch (error) {
    if (error instanceof OutOfTime) await work.store({ ...work.record, closing: seen });
    throw error;
  }
}

async function proveBoth(work: Work, seen: Seen): Promise<void> {
  let session = seen.sessionDeniedAt ? undefined : await takeSession(work, seen);
  const isThere = await shut(work, seen);
  if (isThere && !seen.sessionDeniedAt) {
    if (!session) session = await reopen(work, seen);
    // The deny stands, and so it does for the session; only then may the prober be shut out again.
    if (seen.isReopened) await proveAll(work, 'denied', [sessionQuestion(work, seen, session)]);
  }
  if (seen.isReopened) await shutOut(work, seen);
  await proveAll(work, 'denied', [
    ...(isThere && session && !seen.sessionDeniedAt ? [sessionQuestion(work, seen, session)] : []),
    freshQuestion(work, seen),
  ]);
  await work.store({ ...work.record, receipt: receiptOf(work, seen, isThere) });
}

/** Taken before anything is shut, so that the proof is about a session that worked. Best effort: see reopen. */
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
async function shut(work: Work, seen: Seen): Promise<boolean> {
  await work.checkpoint();
  if (!(await work.shareRole.putPolicy(work.record, 'deny', denyDocument))) return false;
  for (const slot of slots) {
    await work.checkpoint();
    await work.shareRole.dropPolicy(work.record, slot);
  }
  return seen.isReopened ? true : shutOut(work, seen);
}

async function shutOut(work: Work, seen: Seen): Promise<boolean> {
  await work.checkpoint();
  const isThere = await work.shareRole.putTrust(work.record, closedTrustDocument);
  delete seen.isReopened;
  return isThere;
}

/**
 * The session held for the proof was lost (a crash, or the grant's date had passed) and the trust admits nobody any more.
 * With the deny in place the prober, and only it, is let in once more, so that a real session can be seen to be refused.
 * Where IAM takes longer than this attempt has, the next one finds the way open.
 */
async function reopen(work: Work, seen: Seen): Promise<Session> {
  let session: Session | undefined;
  seen.isReopened = true;
  await work.checkpoint();
  await work.shareRole.putTrust(work.record, probeOnlyTrustDocument(work.record, work));
  await prove(work, 'allowed', async () => {
    const assumed = await work.prober.assume(work.record, work.record.externalIds.current);
    session = assumed.session ?? session;
    return assumed.answer;
  });
  if (!session) throw new Error('STS allowed the role but gave no session.');
  return session;
}

function sessionQuestion(work: Work, seen: Seen, session: Session): Question {
  return {
    ask: async () => note(await invokeAnyMode(work, session), work, seen),
    onProven: (since) => {
      seen.sessionDeniedAt = new Date(since).toISOString();
    },
  };
}

function freshQuestion(work: Work, seen: Seen): Question {
  return {
    async ask() {
      const { answer } = await work.prober.assume(work.record, work.record.externalIds.current);
      return note(answer, work, seen);
    },
    onProven: (since) => {
      seen.freshDeniedAt = new Date(since).toISOString();
    },
  };
}

function note(answer: Answer, work: Work, seen: Seen): Answer {
  if (answer === 'allowed') seen.lastAllowedAt = new Date(work.clock.now()).toISOString();
  return answer;
}

/** Denied only when every mode the grant ever had is denied. */
async function invokeAnyMode(work: Work, session: Session): Promise<Answer> {
  const { record } = work;
  const modes = effectiveModes([...record.modes, ...(record.proven?.modes ?? [])]);
  const answers: Answer[] = [];
  for (const mode of modes) answers.push(await work.prober.invoke(record, mode, session));
  if (answers.includes('allowed')) return 'allowed';
  return answers.includes('unclear') ? 'unclear' : 'denied';
}

function receiptOf(work: Work, { isReopened: _over, ...seen }: Seen, isThere: boolean): Receipt {
  const now = work.clock.now();
  return {
    ...seen,
    provenAt: new Date(now).toISOString(),
    seconds: (now - Date.parse(seen.askedAt)) / 1000,
    ...(!isThere && { note: 'There was no role any more when the end was asked for.' }),
  };
}

async function finish(work: Work, isOurs: boolean): Promise<void> {
  if (isOurs) {
    await work.checkpoint();
    await work.shareRole.remove(work.record);
  }
  const now = work.clock.now();
  const { pending: _done, closing: _closed, ...rest } = work.record;
  const ended: GrantRecord = {
    ...rest,
    status: statusOfGoal[work.record.goal],
    provenGeneration: work.record.generation,
    externalIds: { current: rest.externalIds.current },
    ...(rest.receipt && { receipt: { ...rest.receipt, roleRemovedAt: new Date(now).toISOString() } }),
  };
  await work.store(
    remember(ended, { at: now, by: 'sharemaker', event: `grant.${ended.status}`, ...detailOf(ended) }),
  );
}

function detailOf({ receipt, failure }: GrantRecord): { detail?: string } {
  if (failure) return { detail: failure.detail };
  return receipt ? { detail: `Proven dead ${receipt.seconds.toFixed(1)} s after it was asked for.` } : {};
}
