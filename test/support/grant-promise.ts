/**
 * Sharemaker's two promises, watched over one grant's life while IAM's changes become visible late: whoever learns that it is
 * active gets in at the first try, and nobody gets in once the receipt says that it is proven dead.
 */

import type { GrantRecord } from '../../lib/grant/grant.ts';
import { assumeAsChild, callAsChild, invokeWith } from './child-call.ts';
import type { AwsCall, TestBroker } from './grant-process.ts';
import * as requests from './grant-requests.ts';
import { createGrantWorld, type GrantWorld, type Keys } from './grant-world.ts';
import { seededRandom } from './seeded-random.ts';

export interface WatchedLife {
  readonly seed: number;
  readonly lagSeconds: number;
  readonly end: 'revoke' | 'expiry';
  /** What was promised and not kept; empty when all was. */
  readonly broken: readonly string[];
  /** How many of the child's calls were made after the receipt. */
  readonly callsAfterReceipt: number;
  /** From asked to proven, less the lag. */
  readonly openAddedSeconds: number;
  readonly shutAddedSeconds: number;
}

const dayMs = 86_400_000;
const id = 'grt_01mb78qrx0000000000000000f';

export async function watchLife(seed: number): Promise<WatchedLife> {
  const random = seededRandom(seed);
  const lagSeconds = random.whole(0, 90);
  const end = random.isLucky(0.75) ? ('revoke' as const) : ('expiry' as const);
  const world = await createGrantWorld();
  const broken: string[] = [];
  let callsAfterReceipt = 0;
  let activeAt: number | undefined;
  /** Taken when the grant became active, and shortly before its end. */
  const sessions: Keys[] = [];
  let isWatching = false;

  const mustBeShut = async (record: GrantRecord, when: string) => {
    for (const [index, session] of sessions.entries()) {
      callsAfterReceipt++;
      if ((await invokeWith(world, record, session)) === 'allowed')
        broken.push(`session ${index} got through ${when}`);
    }
    callsAfterReceipt++;
    if ((await callAsChild(world, record)) === 'allowed') broken.push(`a fresh call got through ${when}`);
  };
  /** At the very call that writes it down, and at every call after. */
  const watch = async ({ service, operation }: AwsCall) => {
    if (isWatching) return;
    isWatching = true;
    const record = world.find(id);
    if (record?.status === 'active' && activeAt === undefined) {
      activeAt = world.clock.now();
      const session = await assumeAsChild(world, record);
      if (session) sessions.push(session);
      if (!session || (await invokeWith(world, record, session)) !== 'allowed')
        broken.push('the first call after active was refused');
    }
    if (record?.receipt) await mustBeShut(record, `after the receipt, at ${service}:${operation}`);
    isWatching = false;
  };

  try {
    const start = (as: string): TestBroker =>
      world.start({ as, latencyMs: () => random.between(5, 60), holdAfter: watch });
    world.iam.setLag(lagSeconds);
    const expiresAt = new Date(world.clock.now() + dayMs).toISOString();
    const askedToOpenAt = world.clock.now();
    await requests.create(start('create-grant'), { id, expiresAt, endpointName: 'puppet' });
    await runUntilSettled(world, start('advance-grants'));

    await world.clock.sleep(random.between(1, 3_600_000));
    const before = world.read(id);
    const held = await assumeAsChild(world, before);
    if (held) sessions.push(held);
    if (end === 'revoke') await requests.revoke(start('revoke-grant'), id);
    else await world.clock.sleep(Math.max(0, Date.parse(expiresAt) - world.clock.now()));
    await runUntilSettled(world, start('advance-grants'));

    const ended = world.read(id);
    if (!ended.receipt) broken.push(`it ended as ${ended.status} without a receipt`);
    for (const seconds of [1, 10, lagSeconds, 90, 600]) {
      await world.clock.sleep(seconds * 1000);
      await mustBeShut(ended, `some time after its end`);
    }
    if ((await world.shareRoles()).size > 0) broken.push('its role is still there');
    return {
      seed,
      lagSeconds,
      end,
      broken,
      callsAfterReceipt,
      openAddedSeconds: ((activeAt ?? Number.NaN) - askedToOpenAt) / 1000 - lagSeconds,
      shutAddedSeconds: (ended.receipt?.seconds ?? Number.NaN) - lagSeconds,
    };
  } finally {
    world.close();
  }
}

async function runUntilSettled(world: GrantWorld, broker: TestBroker): Promise<void> {
  await world.runSchedule(60, broker);
  const { status } = world.read(id);
  if (status === 'provisioning' || status === 'revoking') throw new Error(`It stays ${status}.`);
}
