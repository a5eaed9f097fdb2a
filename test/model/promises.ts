/** What holds at all times, whatever is under way and whatever was broken. */

import { type GrantRecord, isSettled } from '../../lib/grant/grant.ts';
import { effectiveModes } from '../../lib/grant/policies.ts';
import { callAsChild } from '../support/child-call.ts';
import { outsiderId } from '../support/grant-world.ts';
import type { Known, Scene } from './grant-model.ts';

/** As late as IAM ever is here, twice, because it may become later meanwhile: so long an earlier date may not be seen. */
const lagMsMax = 120_000;

export async function testPromises(scene: Scene, known: Known): Promise<void> {
  const { world } = scene;
  const record = world.find(known.id);
  if (!record) return;
  const now = world.clock.now();
  const call = (more: Parameters<typeof callAsChild>[2]) =>
    callAsChild(world, record, { accountId: known.childId, ...more });
  const demand = (isKept: boolean, promise: string) => {
    if (!isKept) throw new Error(`Grant ${known.id.slice(-1)} (${record.status}): ${promise}`);
  };

  demand((await call({ accountId: outsiderId })) === 'denied', 'an outsider with the external id got in');
  const everLet = effectiveModes([...known.modesEver]);
  const neverLet = (['sync', 'stream', 'async'] as const).find((mode) => !everLet.includes(mode));
  if (neverLet)
    demand((await call({ mode: neverLet })) === 'denied', `${neverLet} was never granted and got through`);
  const isLongOver = now >= Date.parse(record.expiresAt) && now - Date.parse(record.updatedAt) > lagMsMax;
  if (now >= known.latestEnd || (isLongOver && isSettled(record)))
    demand((await call({})) === 'denied', 'it got through after its date');

  if (isProvenShut(record)) demand((await call({})) === 'denied', 'it was proven shut and got through');
  if (isProvenOpen(record, known, now)) {
    for (const mode of record.proven?.terms.modes ?? [])
      if (record.modes.includes(mode))
        demand((await call({ mode })) === 'allowed', `${mode} was proven open and was refused`);
  }
  if (isSettled(record)) {
    const { current, previous } = record.externalIds;
    for (const externalId of known.externalIds)
      if (externalId !== current && externalId !== previous?.value)
        demand((await call({ externalId })) === 'denied', 'an external id that was rotated out got in');
  }
}

/** Suspended and nothing else asked since, or with a receipt. */
function isProvenShut(record: GrantRecord): boolean {
  return (
    record.receipt !== undefined ||
    (record.status === 'suspended' && record.goal === 'suspended' && isSettled(record))
  );
}

/** Changes that are under way do not interrupt what was proven before, unless they are to shut it. */
function isProvenOpen(record: GrantRecord, known: Known, now: number): boolean {
  return (
    record.status === 'active' &&
    record.goal === 'active' &&
    !record.isDenied &&
    !known.isDamaged &&
    now < Date.parse(record.expiresAt) &&
    now < Date.parse(record.proven?.terms.expiresAt ?? record.expiresAt)
  );
}
