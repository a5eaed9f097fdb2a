/** The two steps that keep a grant: open to its child, or paused. Both hold the role's documents to the record first. */

import { isDeepStrictEqual } from 'node:util';
import type { Mode } from '../contract/fields.ts';
import type { ProbeResult } from '../contract/grant.ts';
import { type GrantRecord, type PolicySlot, termsOf } from './grant.ts';
import { newExternalId } from './ids.ts';
import { eventsOf } from './news.ts';
import { denyDocument, effectiveModes, markOf, permissionDocument, trustDocument } from './policies.ts';
import type { Session } from './probe.ts';
import { pauses, prove } from './proof.ts';
import { RoleNotOurs } from './share-role.ts';
import { remember } from './transitions.ts';
import { Hopeless, type Work } from './work.ts';

/**
 * Role, policy, trust; probes; only then `active`. The old policy stands beside a new one until that is proven, which is noted:
 * each of the two steps may take as long as one attempt has.
 */
export async function open(work: Work): Promise<void> {
  const slot = slotFor(work.record);
  const { proven } = work.record;
  const isReplaced = proven !== undefined && proven.slot !== slot;
  if (work.record.openedGeneration !== work.record.generation) {
    const mark = markOf(work.record, 1);
    const id = await putDocuments(work, mark, async () => {
      if (!(await putPermission(work, slot))) return false;
      if (!work.record.isDenied) return true;
      // Behind the deny nobody uses the old one; beside the new one it would open again what was taken away meanwhile.
      await dropOld(work, slot);
      await change(work, () => work.shareRole.dropPolicy(work.record, 'deny'));
      return true;
    });
    const { session, probes } = await proveTrust(work, mark);
    probes.push(...(await proveModes(work, 'allowed', work.record.modes, session)));
    if (!isReplaced) return settle(work, 'active', { id, slot, mark, probes });
    await work.store({
      ...work.record,
      openedGeneration: work.record.generation,
      role: { ...work.record.role, id },
      probes,
    });
  }
  // Until the old one is seen to be gone, either could have let a probe through.
  const { role, probes, modes } = work.record;
  const mark = markOf(work.record, 2);
  await dropOld(work, slot);
  await putTrust(work, mark);
  const session = await enter(work, mark);
  const opens = await proveModes(work, 'allowed', modes, session);
  const shuts = await proveModes(work, 'denied', modesTakenAway(work.record), session, ', taken away');
  const ofTrust = probes.filter(({ probe }) => probe.startsWith('assume'));
  await settle(work, 'active', { id: role.id ?? '', slot, mark, probes: [...ofTrust, ...opens, ...shuts] });
}

/** Deny first, then the rest; `suspended` only when a session was refused. */
export async function pause(work: Work): Promise<void> {
  const { record } = work;
  const slot = slotFor(record);
  const mark = markOf(record, 1);
  const id = await putDocuments(work, mark, async () => {
    if (!(await change(work, () => work.shareRole.putPolicy(record, 'deny', denyDocument)))) return false;
    if (!(await putPermission(work, slot))) return false;
    await dropOld(work, slot);
    return true;
  });
  const { session, probes } = await proveTrust(work, mark);
  const modes = effectiveModes([...record.modes, ...(record.proven?.terms.modes ?? [])]);
  probes.push(...(await proveModes(work, 'denied', modes, session)));
  await settle(work, 'suspended', { id, slot, mark, probes });
}

/**
 * The role's policies, and the trust policy last of all, so that its mark speaks for what came before. Answers the role's id.
 * @param putPolicies false when there is no role
 */
async function putDocuments(work: Work, mark: string, putPolicies: () => Promise<boolean>): Promise<string> {
  const { record, shareRole } = work;
  const isThere = record.role.id !== undefined && (await putPolicies());
  if (isThere) {
    await putTrust(work, mark);
    return record.role.id;
  }
  await work.checkpoint();
  const trust = trustDocument(record, work, mark);
  const { id, isNew } = await shareRole.ensure(record, trust, () => work.checkpoint()).catch(explain);
  if (!(await putPolicies())) throw new Error('The role was deleted while its policies were being put.');
  // A new role had nothing that its mark could be mistaken for.
  if (!isNew) await putTrust(work, mark);
  return id;
}

function putPermission(work: Work, slot: PolicySlot): Promise<boolean> {
  const permission = permissionDocument(work.record);
  return change(work, () => work.shareRole.putPolicy(work.record, slot, permission).catch(explain));
}

async function putTrust(work: Work, mark: string): Promise<void> {
  const trust = trustDocument(work.record, work, mark);
  if (await change(work, () => work.shareRole.putTrust(work.record, trust).catch(explain))) return;
  const { openedGeneration: _nothingIsOpen, ...afresh } = work.record;
  await work.store(afresh);
  throw new Error('The role was deleted while its trust policy was being put.');
}

/** The documents are in force; the external id opens, another one does not, and one that was retired no longer does. */
async function proveTrust(work: Work, mark: string): Promise<{ session: Session; probes: ProbeResult[] }> {
  const { record, prober } = work;
  const { current, next, retired = [] } = record.externalIds;
  const session = await enter(work, mark);
  const ask = (id: string) => async () => (await prober.assume(record, id)).answer;
  const [opened = 0] = await prove(work, { wanted: 'allowed', ask: ask(next?.value ?? current) });
  const probes = [
    result('assume with the external id', 'allowed', opened),
    result('assume with another external id', 'denied', await refuseStrangers(work)),
  ];
  for (const id of retired) {
    const [refused = 0] = await prove(work, { wanted: 'denied', ask: ask(id) });
    probes.push(result('assume with the retired external id', 'denied', refused));
  }
  return { session, probes };
}

/** Waits until IAM goes by the trust policy with this mark, and so by all documents that were put before it. */
async function enter(work: Work, mark: string): Promise<Session> {
  let session: Session | undefined;
  await prove(work, {
    wanted: 'allowed',
    async ask() {
      const assumed = await work.prober.assume(work.record, mark);
      session = assumed.session ?? session;
      return assumed.answer;
    },
  });
  if (!session) throw new Error('STS allowed the role but gave no session.');
  return session;
}

async function proveModes(
  work: Work,
  wanted: 'allowed' | 'denied',
  modes: readonly Mode[],
  session: Session,
  remark = '',
): Promise<ProbeResult[]> {
  const probes: ProbeResult[] = [];
  for (const mode of modes) {
    const ask = () => work.prober.invoke(work.record, mode, session);
    const [at = 0] = await prove(work, { wanted, ask });
    probes.push(result(`invoke ${mode}${remark}`, wanted, at));
  }
  return probes;
}

/** One allowed answer is enough to know that the trust is wrong. */
async function refuseStrangers(work: Work): Promise<number> {
  const rest = pauses(work);
  for (;;) {
    const { answer } = await work.prober.assume(work.record, newExternalId());
    if (answer === 'allowed')
      throw new Hopeless('grant.open_to_others', 'AssumeRole succeeded with a wrong external id.');
    if (answer === 'denied') return work.clock.now();
    await rest();
  }
}

async function dropOld(work: Work, slot: PolicySlot): Promise<void> {
  const old = work.record.proven?.slot;
  if (old && old !== slot) await change(work, () => work.shareRole.dropPolicy(work.record, old));
}

async function settle(
  work: Work,
  status: 'active' | 'suspended',
  { id, slot, mark, probes }: { id: string; slot: PolicySlot; mark: string; probes: ProbeResult[] },
): Promise<void> {
  const { record } = work;
  const now = work.clock.now();
  const { pending: _done, isDenied: _shut, openedGeneration: _opened, ...rest } = record;
  const settled: GrantRecord = {
    ...rest,
    status,
    provenGeneration: record.generation,
    role: { ...record.role, id },
    proven: { terms: termsOf(record), slot, mark },
    probes,
    externalIds: {
      current: record.externalIds.current,
      ...(record.externalIds.previous && { previous: record.externalIds.previous }),
    },
    ...(status === 'suspended' && { isDenied: true }),
  };
  const told = eventsOf(record, status).reduce(
    (next, event) => remember(next, { at: now, by: 'sharemaker', event }),
    settled,
  );
  await work.store(record.externalIds.next ? takeOver(told, record, now) : told);
}

/** The new external id is proven: it is offered from now on. The old one has its grace period, which IAM ends by itself. */
function takeOver(
  settled: GrantRecord,
  { externalIds, expiresAt, pending }: GrantRecord,
  now: number,
): GrantRecord {
  const { current, next, previous } = externalIds;
  if (!next) return settled;
  const validUntil = new Date(Math.min(now + next.graceSeconds * 1000, Date.parse(expiresAt))).toISOString();
  const hasGrace = next.graceSeconds > 0;
  const retired = [...(previous ? [previous.value] : []), ...(hasGrace ? [] : [current])];
  const ids = {
    current: next.value,
    ...(hasGrace && { previous: { value: current, validUntil } }),
    ...(retired.length > 0 && { retired }),
  };
  return remember(
    {
      ...settled,
      externalIds: ids,
      generation: settled.generation + 1,
      ...(pending && { pending: { ...pending, operation: 'rotate' } }),
    },
    {
      at: now,
      by: 'sharemaker',
      event: 'grant.rotated',
      detail: `The old external id works until ${validUntil}.`,
    },
  );
}

/**
 * A changed policy has another name than the one before it, so that the old one can stay until the new one is proven. A name
 * that an unproven change may have used is written over.
 */
function slotFor(record: GrantRecord): PolicySlot {
  const { proven } = record;
  if (!proven) return 'invoke';
  const { targets: _targets, conditions: _conditions, async: _async, ...rest } = record;
  const isSame = isDeepStrictEqual(
    permissionDocument(record),
    permissionDocument({ ...rest, ...proven.terms }),
  );
  const isFirstSinceProven = record.generation === record.provenGeneration + 1;
  if (isSame && isFirstSinceProven) return proven.slot;
  return proven.slot === 'invoke' ? 'invoke-next' : 'invoke';
}

function modesTakenAway(record: GrantRecord): Mode[] {
  const kept = effectiveModes(record.modes);
  return effectiveModes(record.proven?.terms.modes ?? []).filter((mode) => !kept.includes(mode));
}

async function change<T>(work: Work, step: () => Promise<T>): Promise<T> {
  await work.checkpoint();
  return step();
}

function result(probe: string, observed: 'allowed' | 'denied', at: number): ProbeResult {
  return { probe, expected: observed, observed, at: new Date(at).toISOString() };
}

/** Refusals of IAM that no repetition mends. */
const hopeless: Readonly<Record<string, readonly [code: string, detail: string]>> = {
  LimitExceededException: [
    'role.quota',
    "The account's quota of IAM roles, or of policy size, is used up. Ask AWS to raise it, or revoke grants.",
  ],
  MalformedPolicyDocumentException: [
    'role.policy_refused',
    'IAM refused the documents of the role; a principal or condition may not exist.',
  ],
  InvalidInputException: ['role.policy_refused', 'IAM refused an input of the role.'],
};

function explain(error: unknown): never {
  if (error instanceof RoleNotOurs) throw new Hopeless('role.name_taken', error.message);
  const known = error instanceof Error ? hopeless[error.name] : undefined;
  if (known) throw new Hopeless(...known);
  throw error;
}
