/** The end of a grant: shut it, prove that it is shut, write the receipt, remove the role. */

import type { Receipt } from '../contract/grant.ts';
import type { GrantRecord, PolicySlot } from './grant.ts';
import { closedTrustDocument, denyDocument, effectiveModes, probeOnlyTrustDocument } from './policies.ts';
import type { Answer, Session } from './probe.ts';
import { count, isProven, pauses, prove, tally } from './proof.ts';
import { remember, statusOfGoal } from './transitions.ts';
import type { Work } from './work.ts';

const slots: readonly PolicySlot[] = ['invoke', 'invoke-next'];

export async function close(work: Work): Promise<void> {
  // A grant that never became active has no child that could know its external id: nothing to prove, only to remove.
  if (work.record.goal === 'failed') return finish(work, work.record.failure?.code !== 'role.name_taken');
  if (!work.record.receipt) await proveDead(work);
  await finish(work, true);
}

async function proveDead(work: Work): Promise<void> {
  const { record, prober } = work;
  // Taken before anything is shut, so that the proof is about a session that worked. Best effort: see reopenForProof.
  let { session } = await prober.assume(record, record.externalIds.current);
  const worked = session && (await invokeAnyMode(work, session)) === 'allowed';
  let lastAllowedAt = worked ? work.clock.now() : undefined;
  const isThere = await shut(work);

  const ofSession = tally('denied');
  const ofFresh = tally('denied');
  const rest = pauses(work);
  const note = (row: typeof ofFresh, answer: Answer) => {
    const now = work.clock.now();
    if (answer === 'allowed') lastAllowedAt = now;
    count(row, answer, now);
  };

  while (!isProven(ofFresh) || (isThere && !isProven(ofSession))) {
    if (session && !isProven(ofSession)) note(ofSession, await invokeAnyMode(work, session));
    if (!isProven(ofFresh)) {
      const fresh = await prober.assume(record, record.externalIds.current);
      note(ofFresh, fresh.answer);
      session ??= fresh.session;
    }
    const hasNoSession = isProven(ofFresh) && isThere && !session;
    if (hasNoSession) {
      session = await reopenForProof(work);
      ofFresh.count = 0;
      ofFresh.since = undefined;
    }
    if (ofSession.count === 0 && ofFresh.count === 0) await rest();
    else if (!isProven(ofFresh) || (isThere && !isProven(ofSession))) await rest.briefly();
  }

  await work.store({
    ...work.record,
    receipt: receiptOf(work, { lastAllowedAt, session: ofSession.since, fresh: ofFresh.since, isThere }),
  });
}

/** Deny, then the permissions, then the trust; false when there is no role any more. Live sessions are cut by the deny. */
async function shut(work: Work): Promise<boolean> {
  await work.checkpoint();
  if (!(await work.shareRole.putPolicy(work.record, 'deny', denyDocument))) return false;
  for (const slot of slots) {
    await work.checkpoint();
    await work.shareRole.dropPolicy(work.record, slot);
  }
  await work.checkpoint();
  return work.shareRole.putTrust(work.record, closedTrustDocument);
}

/**
 * The session held for the proof was lost (a crash, or the grant's date had passed) and the trust admits nobody any more.
 * With the deny in place the prober, and only it, is let in once more, so that a real session can be seen to be refused.
 */
async function reopenForProof(work: Work): Promise<Session | undefined> {
  let session: Session | undefined;
  await work.checkpoint();
  await work.shareRole.putTrust(work.record, probeOnlyTrustDocument(work.record, work));
  try {
    await prove(work, 'allowed', async () => {
      const assumed = await work.prober.assume(work.record, work.record.externalIds.current);
      session = assumed.session ?? session;
      return assumed.answer;
    });
  } finally {
    await work.checkpoint();
    await work.shareRole.putTrust(work.record, closedTrustDocument);
  }
  return session;
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

function receiptOf(
  work: Work,
  seen: {
    lastAllowedAt: number | undefined;
    session: number | undefined;
    fresh: number | undefined;
    isThere: boolean;
  },
): Receipt {
  const now = work.clock.now();
  const askedAt = work.record.closing?.askedAt ?? new Date(now).toISOString();
  const iso = (at: number) => new Date(at).toISOString();
  return {
    askedAt,
    ...(seen.lastAllowedAt !== undefined && { lastAllowedAt: iso(seen.lastAllowedAt) }),
    ...(seen.session !== undefined && { sessionDeniedAt: iso(seen.session) }),
    ...(seen.fresh !== undefined && { freshDeniedAt: iso(seen.fresh) }),
    provenAt: iso(now),
    seconds: (now - Date.parse(askedAt)) / 1000,
    ...(!seen.isThere && { note: 'There was no role any more when the end was asked for.' }),
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
