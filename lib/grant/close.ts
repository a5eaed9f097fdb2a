/** The end of a grant: shut it, prove that it is shut, write the receipt, remove the role. */

import type { Receipt } from '../contract/grant.ts';
import type { Closing, GrantRecord, PolicySlot } from './grant.ts';
import { closedTrustDocument, denyDocument, effectiveModes, probeOnlyTrustDocument } from './policies.ts';
import type { PolicyDocument } from './policy-document.ts';
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
    const isThere = await proveBoth(work, seen);
    await work.store({ ...work.record, receipt: receiptOf(work, seen, isThere) });
  } catch (error) {
    if (error instanceof OutOfTime) await work.store({ ...work.record, closing: seen });
    throw error;
  }
}

/** False when there is no role any more. */
async function proveBoth(work: Work, seen: Seen): Promise<boolean> {
  const session = seen.sessionDeniedAt ? undefined : await takeSession(work, seen);
  const onlyLacksSession = !session && !seen.sessionDeniedAt && seen.freshDeniedAt;
  const isThere = await shut(work, onlyLacksSession ? proberAlone(work) : closedTrustDocument);
  try {
    await proveAll(work, 'denied', [
      ...(isThere && session ? [sessionQuestion(work, seen, session)] : []),
      ...(seen.freshDeniedAt ? [] : [freshQuestion(work, seen)]),
    ]);
  } catch (error) {
    // The session ends with this attempt: the next one is to find the way in open to the prober.
    const isSessionLost = error instanceof OutOfTime && isThere && session && !seen.sessionDeniedAt;
    if (isSessionLost) await putTrust(work, proberAlone(work));
    throw error;
  }
  if (isThere && !seen.sessionDeniedAt) {
    if (!onlyLacksSession) await putTrust(work, proberAlone(work));
    await proveAll(work, 'denied', [sessionQuestion(work, seen, await enter(work))]);
  }
  return isThere;
}

/** Taken before anything is shut, so that the proof is about a session that worked. Best effort: see enter. */
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
async function shut(work: Work, trust: PolicyDocument): Promise<boolean> {
  await work.checkpoint();
  if (!(await work.shareRole.putPolicy(work.record, 'deny', denyDocument))) return false;
  for (const slot of slots) {
    await work.checkpoint();
    await work.shareRole.dropPolicy(work.record, slot);
  }
  return putTrust(work, trust);
}

async function putTrust(work: Work, trust: PolicyDocument): Promise<boolean> {
  await work.checkpoint();
  return work.shareRole.putTrust(work.record, trust);
}

/**
 * The session held for the proof was lost (a crash, the end of an attempt) or could not be had, because the grant's date has
 * passed. With the deny in place the prober, and it alone, is let in, so that a real session can be seen to be refused. The
 * child stays outside, as was proven before.
 */
function proberAlone(work: Work): PolicyDocument {
  return probeOnlyTrustDocument(work.record, work);
}

async function enter(work: Work): Promise<Session> {
  let session: Session | undefined;
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

function receiptOf(work: Work, seen: Seen, isThere: boolean): Receipt {
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
