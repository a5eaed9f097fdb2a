/**
 * What is settled is what IAM goes by, also when IAM is late and a request overtakes another whose changes are not visible yet:
 * then two kinds of probes could be answered by the state before. The child's calls are held against the record every
 * second, from the moment it is settled until nothing is left to become visible.
 */

import { describe, expect, it } from 'vitest';
import type { Mode } from '../../../lib/contract/fields.ts';
import { type GrantRecord, isSettled } from '../../../lib/grant/grant.ts';
import { effectiveModes } from '../../../lib/grant/policies.ts';
import { callAsChild } from '../../support/child-call.ts';
import * as requests from '../../support/grant-requests.ts';
import { createGrantWorld, type GrantWorld } from '../../support/grant-world.ts';

interface Course {
  readonly name: string;
  readonly create?: requests.CreateRequest;
  /** Settled before the next is asked. */
  readonly before?: requests.Ask;
  /** Its work ends after a while, as when a request's time is over. */
  readonly first: requests.Ask;
  readonly second?: requests.Ask;
}

const { suspend, resume, revoke, rotate, update } = requests;
const models = (...names: string[]) => ({ targets: { models: names } });
const hours = (count: number) =>
  new Date(Date.parse('2027-01-01T00:00:00Z') + count * 3_600_000).toISOString();

const courses: readonly Course[] = [
  { name: 'suspend, resumed meanwhile', first: suspend, second: resume },
  { name: 'resume, suspended again meanwhile', before: suspend, first: resume, second: suspend },
  { name: 'resume, revoked meanwhile', before: suspend, first: resume, second: revoke },
  {
    name: 'another mode, taken back',
    first: update({ modes: ['async'] }),
    second: update({ modes: ['sync'] }),
  },
  { name: 'another mode, suspended meanwhile', first: update({ modes: ['async'] }), second: suspend },
  {
    name: 'another model, taken back',
    create: models('a/*'),
    first: update(models('b/*')),
    second: update(models('a/*')),
  },
  { name: 'a mode less', create: { modes: ['sync', 'async'] }, first: update({ modes: ['sync'] }) },
  { name: 'a model less', create: models('a/*', 'b/*'), first: update(models('a/*')) },
  { name: 'a later date', create: { expiresAt: hours(1) }, first: update({ expiresAt: hours(2) }) },
  { name: 'an earlier date', create: { expiresAt: hours(6) }, first: update({ expiresAt: hours(3) }) },
  { name: 'two rotations without grace', first: rotate(0), second: rotate(0) },
  { name: 'a rotation, revoked meanwhile', first: rotate(3600), second: revoke },
];

/** Seconds. */
const lags = (process.env['LAGS'] ?? '20').split(',').map(Number);
/** So long after it was asked the first request's process is gone. */
const patienceMs = [1_500, 27_000];

describe.each(courses)('$name', (course) => {
  it.each(lags)('is what the child sees, with IAM %i s late', async (lag) => {
    for (const patience of patienceMs) {
      const { wrong, looks } = await watch(course, lag, patience);
      expect(wrong).toEqual([]);
      expect(looks).toBeGreaterThan(10);
    }
  });
});

async function watch(course: Course, lag: number, patience: number) {
  const world = await createGrantWorld();
  try {
    const latencyMs = () => 20;
    const ask = async (request: requests.Ask, ms: number) => {
      const until = world.clock.now() + ms;
      const faultAt = () => (world.clock.now() > until ? 'crash-before' : undefined);
      const broker = world.start({ latencyMs, faultAt });
      await broker.live(request(broker, id));
    };
    const { id } = await requests.create(world.start({ latencyMs }), {
      endpointName: 'puppet',
      ...course.create,
    });
    if (course.before) await course.before(world.start({ latencyMs }), id);
    const firstIds = world.read(id).externalIds;
    await world.clock.sleep(120_000);
    world.iam.setLag(lag);

    await ask(course.first, patience);
    if (course.second) await ask(course.second, 27_000);

    const wrong: string[] = [];
    let looks = 0;
    const look = async () => {
      const record = world.read(id);
      if (!isSettled(record) && !record.receipt) return;
      looks++;
      for (const each of await unlikeSaid(world, record, firstIds.current))
        wrong.push(
          `${patience} ms, at ${new Date(world.clock.now()).toISOString()} ${record.status}: ${each}`,
        );
    };
    await look();
    const stop = world.clock.every(1_000, look);
    await world.runSchedule(10);
    await world.clock.sleep(lag * 2_000 + 30_000);
    stop();
    return { wrong, looks };
  } finally {
    world.close();
  }
}

/** Where the child is let through what the record does not say, or refused what it does. */
async function unlikeSaid(world: GrantWorld, record: GrantRecord, firstId: string): Promise<string[]> {
  const isOpen = record.status === 'active' && world.clock.now() < Date.parse(record.expiresAt);
  const granted = isOpen ? effectiveModes(record.modes) : [];
  const lines: string[] = [];
  const hold = async (what: string, wanted: boolean, call: Parameters<typeof callAsChild>[2]) => {
    const answer = await callAsChild(world, record, call);
    if (answer !== (wanted ? 'allowed' : 'denied')) lines.push(`${what} is ${answer}`);
  };
  const named = record.targets?.models;
  for (const mode of ['sync', 'async'] satisfies Mode[])
    if (!named) await hold(mode, granted.includes(mode), { mode });
  for (const name of named ? ['a', 'b'] : [])
    await hold(`model ${name}`, isOpen && named?.includes(`${name}/*`) === true, {
      mode: 'sync',
      targetModel: `${name}/x`,
    });
  const { current, previous } = record.externalIds;
  if (firstId !== current && firstId !== previous?.value)
    await hold('the first external id', false, { externalId: firstId });
  return lines;
}
