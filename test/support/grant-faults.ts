/**
 * One operation on a grant, broken at one AWS call in one way, and what the schedule then makes of it. The calls are
 * enumerated from a clean run, so no call and no fault is left out.
 */

import assert from 'node:assert/strict';
import { advanceDue } from '../../lib/grant/advance-due.ts';
import { type GrantRecord, isSettled } from '../../lib/grant/grant.ts';
import { callAsChild } from './child-call.ts';
import type { AwsCall, CallFault, ProcessOptions, TestBroker } from './grant-process.ts';
import * as requests from './grant-requests.ts';
import { createGrantWorld, type GrantWorld } from './grant-world.ts';

export interface Scenario {
  readonly name: string;
  /** Whose role does the work. */
  readonly as: string;
  /** What stands before; answers the grant's id. */
  prepare(world: GrantWorld): Promise<string>;
  run(broker: TestBroker, id: string): Promise<unknown>;
  /** Whether the request has been stored, so that nobody has to repeat it. */
  isStored(record: GrantRecord | undefined, before: GrantRecord | undefined): boolean;
  readonly ends: GrantRecord['status'];
}

const id = 'grt_01mb78qrx0000000000000000f';
const standing = (world: GrantWorld) => requests.create(world.start(), { id }).then(() => id);
const isRaised: Scenario['isStored'] = (record, before) =>
  (record?.generation ?? 0) > (before?.generation ?? 0);
const dayMs = 86_400_000;

export const scenarios: readonly Scenario[] = [
  {
    name: 'create',
    as: 'create-grant',
    prepare: async () => id,
    run: (broker) => requests.create(broker, { id }),
    isStored: (record) => record !== undefined,
    ends: 'active',
  },
  {
    name: 'update',
    as: 'update-grant',
    prepare: standing,
    run: (broker, grant) => requests.update({ modes: ['stream'], note: 'wider' })(broker, grant),
    isStored: isRaised,
    ends: 'active',
  },
  {
    name: 'update that takes a mode away',
    as: 'update-grant',
    prepare: (world) => requests.create(world.start(), { id, modes: ['stream', 'sync'] }).then(() => id),
    run: (broker, grant) => requests.update({ modes: ['sync'] })(broker, grant),
    isStored: isRaised,
    ends: 'active',
  },
  {
    name: 'update of a suspended grant',
    as: 'update-grant',
    async prepare(world) {
      await standing(world);
      await requests.suspend(world.start(), id);
      return id;
    },
    run: (broker, grant) => requests.update({ targets: { models: ['a/*'] } })(broker, grant),
    isStored: isRaised,
    ends: 'suspended',
  },
  {
    name: 'suspend',
    as: 'suspend-grant',
    prepare: standing,
    run: requests.suspend,
    isStored: isRaised,
    ends: 'suspended',
  },
  {
    name: 'resume',
    as: 'resume-grant',
    async prepare(world) {
      await standing(world);
      await requests.suspend(world.start(), id);
      return id;
    },
    run: requests.resume,
    isStored: isRaised,
    ends: 'active',
  },
  {
    name: 'rotate with a grace period',
    as: 'rotate-grant',
    prepare: standing,
    run: requests.rotate(86_400),
    isStored: isRaised,
    ends: 'active',
  },
  {
    name: 'rotate at once',
    as: 'rotate-grant',
    prepare: standing,
    run: requests.rotate(0),
    isStored: isRaised,
    ends: 'active',
  },
  {
    name: 'end of the grace period',
    as: 'advance-grants',
    async prepare(world) {
      await standing(world);
      await requests.rotate(60)(world.start(), id);
      await world.clock.sleep(61_000);
      return id;
    },
    run: runSchedule,
    isStored: () => true,
    ends: 'active',
  },
  {
    name: 'revoke',
    as: 'revoke-grant',
    prepare: standing,
    run: requests.revoke,
    isStored: isRaised,
    ends: 'revoked',
  },
  {
    name: 'revoke of a suspended grant',
    as: 'revoke-grant',
    async prepare(world) {
      await standing(world);
      await requests.suspend(world.start(), id);
      return id;
    },
    run: requests.revoke,
    isStored: isRaised,
    ends: 'revoked',
  },
  {
    name: 'expiry',
    as: 'advance-grants',
    async prepare(world) {
      const expiresAt = new Date(world.clock.now() + dayMs).toISOString();
      await requests.create(world.start(), { id, expiresAt });
      await world.clock.sleep(dayMs);
      return id;
    },
    run: runSchedule,
    isStored: () => true,
    ends: 'expired',
  },
];

const everyFault: readonly CallFault[] = [
  'crash-before',
  'crash-after',
  'lost-reply',
  'throttle',
  'error',
  'timeout',
];

export interface Break {
  readonly call: AwsCall;
  readonly fault: CallFault;
  readonly attempts: number;
}

/** Every call of a clean run with every fault that can make a difference there, and with `all` with every fault there is. */
export async function enumerateBreaks(
  scenario: Scenario,
  { all = false, lagSeconds = 0 } = {},
): Promise<Break[]> {
  const { calls } = await play(scenario, undefined, lagSeconds);
  return calls.flatMap((call) => {
    // A crash before a call is a crash after the one before it. A read has no effect whose reply could be lost, and an error
    // there ends the attempt as a throttle does.
    const isRead = /^(Get|List|Describe|Query|AssumeRole|Invoke)/.test(call.operation);
    const faults: CallFault[] = all
      ? [...everyFault]
      : ['crash-after', 'throttle', ...(isRead ? [] : (['error', 'lost-reply'] as const))];
    const once = faults.map((fault) => ({ call, fault, attempts: 1 }));
    // What the SDK repeats by itself finds its own effect.
    return isRead ? once : [...once, { call, fault: 'lost-reply' as const, attempts: 3 }];
  });
}

export interface Outcome {
  readonly calls: readonly AwsCall[];
  /** What IAM holds in the end, with what differs from run to run given a name. */
  readonly standing: unknown;
}

/**
 * Plays a scenario, broken or clean, and shows what must be true afterwards.
 * @param lagSeconds how late IAM is while it plays: then proofs take several rounds, and more than one attempt
 */
export async function play(scenario: Scenario, broken?: Break, lagSeconds = 0): Promise<Outcome> {
  const world = await createGrantWorld();
  try {
    const grantId = await scenario.prepare(world);
    const before = world.find(grantId);
    world.iam.setLag(lagSeconds);
    const process: ProcessOptions = { as: scenario.as };
    const broker = world.start(
      broken
        ? {
            ...process,
            attempts: broken.attempts,
            faultAt: ({ index }) => (index === broken.call.index ? broken.fault : undefined),
          }
        : process,
    );
    const failed = await broker.live(scenario.run(broker, grantId)).then(
      (answer) => answer === 'crashed',
      () => true,
    );
    if (!scenario.isStored(world.find(grantId), before)) {
      assert(failed, 'a request that was lost must not be answered as if it were not');
      const again = world.start(process);
      await scenario.run(again, grantId);
    }
    await world.runSchedule();

    const record = world.read(grantId);
    assert.equal(record.status, scenario.ends);
    assert(isSettled(record), 'it is not settled');
    assert.equal(record.announced, record.events, 'not every event is published');
    await world.clock.sleep(lagSeconds * 1000);
    const answer = await callAsChild(world, record);
    assert.equal(answer, scenario.ends === 'active' ? 'allowed' : 'denied');
    return { calls: broker.calls, standing: named(await world.shareRoles(), record) };
  } finally {
    world.close();
  }
}

async function runSchedule(broker: TestBroker): Promise<unknown> {
  return advanceDue(broker, broker.clock.now() + 50_000);
}

/** The policy's slot alternates with every change of the documents, and a repeated change is one more. */
function named(roles: ReadonlyMap<string, unknown>, { externalIds }: GrantRecord): unknown {
  const names: [string, string][] = [[externalIds.current, 'the current external id']];
  if (externalIds.previous) {
    names.push([externalIds.previous.value, 'the previous external id']);
    names.push([externalIds.previous.validUntil, 'its end']);
  }
  let text = JSON.stringify([...roles]).replaceAll('invoke-next', 'invoke');
  for (const [value, name] of names) text = text.replaceAll(value, name);
  return JSON.parse(text);
}
