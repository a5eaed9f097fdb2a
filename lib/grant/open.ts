/** The two steps that keep a grant: open to its child, or paused. Both hold the role's documents to the record first. */

import type { Mode } from '../contract/fields.ts';
import type { ProbeResult } from '../contract/grant.ts';
import type { GrantRecord, PolicySlot } from './grant.ts';
import { newExternalId } from './ids.ts';
import { denyDocument, effectiveModes, permissionDocument, trustDocument } from './policies.ts';
import type { Session } from './probe.ts';
import { pauses, prove } from './proof.ts';
import { RoleNotOurs } from './share-role.ts';
import { remember } from './transitions.ts';
import { Hopeless, type Work } from './work.ts';

/** Role, trust, policy; probes; only then `active`. The old policy stands beside the new one until that is probed. */
export async function open(work: Work): Promise<void> {
  const slot = otherSlot(work.record);
  const roleId = await putDocuments(work, slot);
  if (work.record.isDenied) await change(work, () => work.shareRole.dropPolicy(work.record, 'deny'));
  const { session, probes } = await proveTrust(work);
  const proveOpen = async () => {
    for (const mode of work.record.modes) {
      const at = await prove(work, 'allowed', () => work.prober.invoke(work.record, mode, session));
      probes.push(result(`invoke ${mode}`, 'allowed', at));
    }
  };
  await proveOpen();
  // While both stood, either could have let the probe through; now it is the new one alone.
  if (await dropOld(work, slot)) {
    probes.splice(-work.record.modes.length);
    await proveOpen();
  }
  for (const mode of modesTakenAway(work.record)) {
    const at = await prove(work, 'denied', () => work.prober.invoke(work.record, mode, session));
    probes.push(result(`invoke ${mode}, taken away`, 'denied', at));
  }
  await settle(work, 'active', slot, roleId, probes);
}

/** Deny first, then the rest; `suspended` only when a session was refused. */
export async function pause(work: Work): Promise<void> {
  await deny(work);
  const slot = otherSlot(work.record);
  const roleId = await putDocuments(work, slot, deny);
  const { session, probes } = await proveTrust(work);
  for (const mode of effectiveModes(work.record.proven?.modes ?? work.record.modes)) {
    const at = await prove(work, 'denied', () => work.prober.invoke(work.record, mode, session));
    probes.push(result(`invoke ${mode}`, 'denied', at));
  }
  await dropOld(work, slot);
  await settle(work, 'suspended', slot, roleId, probes);
}

/** `before` is what has to stand in a role, a new one too, before any permission does. */
async function putDocuments(
  work: Work,
  slot: PolicySlot,
  before?: (work: Work) => Promise<void>,
): Promise<string> {
  await work.checkpoint();
  const trust = trustDocument(work.record, work);
  const { id } = await work.shareRole.ensure(work.record, trust, () => work.checkpoint()).catch(explain);
  await before?.(work);
  const isThere = await change(work, () =>
    work.shareRole.putPolicy(work.record, slot, permissionDocument(work.record)).catch(explain),
  );
  if (!isThere) throw new Error('The role was deleted while its policy was being put.');
  return id;
}

async function deny(work: Work): Promise<void> {
  await change(work, () => work.shareRole.putPolicy(work.record, 'deny', denyDocument));
}

/** The external id opens, another one does not, and one that was retired no longer does. */
async function proveTrust(work: Work): Promise<{ session: Session; probes: ProbeResult[] }> {
  const { record, prober } = work;
  const { current, next, retired } = record.externalIds;
  let session: Session | undefined;
  const opened = await prove(work, 'allowed', async () => {
    const assumed = await prober.assume(record, next?.value ?? current);
    session = assumed.session ?? session;
    return assumed.answer;
  });
  const probes = [result('assume with the external id', 'allowed', opened)];
  probes.push(result('assume with another external id', 'denied', await refuseStrangers(work)));
  for (const id of retired ?? []) {
    const at = await prove(work, 'denied', async () => (await prober.assume(record, id)).answer);
    probes.push(result('assume with the retired external id', 'denied', at));
  }
  if (!session) throw new Error('STS allowed the role but gave no session.');
  return { session, probes };
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

async function dropOld(work: Work, slot: PolicySlot): Promise<boolean> {
  const old = work.record.proven?.slot;
  const isThere = old !== undefined && old !== slot;
  if (isThere) await change(work, () => work.shareRole.dropPolicy(work.record, old));
  return isThere;
}

async function settle(
  work: Work,
  status: 'active' | 'suspended',
  slot: PolicySlot,
  roleId: string,
  probes: ProbeResult[],
): Promise<void> {
  const { record } = work;
  const now = work.clock.now();
  const { pending: _done, isDenied: _shut, ...rest } = record;
  const settled: GrantRecord = {
    ...rest,
    status,
    provenGeneration: record.generation,
    role: { ...record.role, id: roleId },
    proven: { modes: record.modes, slot },
    probes,
    externalIds: {
      current: record.externalIds.current,
      ...(record.externalIds.previous && { previous: record.externalIds.previous }),
    },
    ...(status === 'suspended' && { isDenied: true }),
  };
  await work.store(
    record.externalIds.next
      ? takeOver(settled, record, now)
      : remember(settled, { at: now, by: 'sharemaker', event: eventOf(record, status) }),
  );
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

const events: Readonly<Record<string, string>> = {
  create: 'grant.activated',
  update: 'grant.updated',
  suspend: 'grant.suspended',
  resume: 'grant.resumed',
  repair: 'grant.repaired',
  rotate: 'grant.rotation_finished',
  'retire external id': 'grant.external_id_retired',
};

function eventOf(record: GrantRecord, status: string): string {
  const asked = events[record.pending?.operation ?? ''];
  return (
    asked ??
    (record.status === 'provisioning'
      ? 'grant.activated'
      : `grant.${status === 'active' ? 'proven_open' : 'proven_shut'}`)
  );
}

/** A policy of its own name for every change, so that the old one can stay until the new one is probed. */
function otherSlot(record: GrantRecord): PolicySlot {
  return record.proven?.slot === 'invoke' ? 'invoke-next' : 'invoke';
}

function modesTakenAway(record: GrantRecord): Mode[] {
  const kept = effectiveModes(record.modes);
  return effectiveModes(record.proven?.modes ?? []).filter((mode) => !kept.includes(mode));
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
