/** More is due than one run of the schedule can do: whose access is to be shut has its turn all the same. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { advanceDue } from '../../../lib/grant/advance-due.ts';
import { change } from '../../../lib/grant/lifecycle.ts';
import { ask } from '../../../lib/grant/transitions.ts';
import type { ProcessOptions } from '../../support/grant-process.ts';
import * as requests from '../../support/grant-requests.ts';
import { createGrantWorld, type GrantWorld } from '../../support/grant-world.ts';

let world: GrantWorld;
beforeAll(async () => {
  world = await createGrantWorld();
});
afterAll(() => world?.close());

const runMs = 50_000;

/** The event bus answers nothing, and each call to it takes as long as a call may. */
const deafBus: ProcessOptions = {
  as: 'advance-grants',
  faultAt: ({ service }) => (service === 'events' ? 'timeout' : undefined),
};

it('shuts what is to be shut before it tells the news, and before what IAM has ended already', async () => {
  const soon = new Date(world.clock.now() + 3_600_000).toISOString();
  for (let index = 0; index < 130; index++)
    await requests.create(world.start({ ...deafBus, as: 'create-grant' }), { expiresAt: soon });
  const { id } = await requests.create(world.start(), { endpointName: 'puppet' });
  await world.clock.sleep(3_600_000);
  const broker = world.start({ ...deafBus, latencyMs: () => 100 });
  await change(id, broker.store, (record) =>
    ask(record, 'revoke', { by: requests.caller, now: world.clock.now() }),
  );
  await advanceDue(broker, world.clock.now() + runMs);
  expect(world.read(id).status).toBe('revoked');
});

it('is not held up by a bus that takes nothing', async () => {
  const broker = () => world.start({ ...deafBus, latencyMs: () => 50 });
  // Everything is due that can be, and the news of all of it cannot be told.
  for (let minute = 0; minute < 8; minute++) {
    await advanceDue(broker(), world.clock.now() + runMs);
    await world.clock.sleep(60_000 - (world.clock.now() % 60_000));
  }
  const grants = await broker().store.list({ status: 'expired', limit: 200 });
  expect(grants.records).toHaveLength(130);
  // Told once it listens again.
  await world.clock.sleep(301_000);
  await world.runSchedule();
  for (const { id } of grants.records) {
    const { announced, events } = world.read(id);
    expect(announced).toBe(events);
  }
});

it('is not held up by grants that live requests are moving', async () => {
  const here = await createGrantWorld();
  const letGo = Promise.withResolvers<void>();
  const requestsMade: Promise<unknown>[] = [];
  // The longest waiting, and enough for every lane.
  for (let index = 0; index < 8; index++) {
    const { id } = await requests.create(here.start());
    const reached = Promise.withResolvers<void>();
    const holdBefore: ProcessOptions['holdBefore'] = ({ operation }) => {
      if (operation !== 'PutRolePolicy') return undefined;
      reached.resolve();
      return letGo.promise;
    };
    requestsMade.push(requests.revoke(here.start({ holdBefore }), id));
    await reached.promise;
  }
  const { id } = await requests.create(here.start());
  const broker = here.start({ as: 'advance-grants' });
  await change(id, broker.store, (record) =>
    ask(record, 'revoke', { by: requests.caller, now: here.clock.now() }),
  );
  const askedAt = here.clock.now();
  const { looked, waiting } = await advanceDue(broker, askedAt + 20_000);
  expect(here.read(id).status).toBe('revoked');
  expect(here.read(id).receipt?.seconds).toBeLessThan(2);
  expect({ looked, waiting }).toEqual({ looked: 9, waiting: 8 });
  letGo.resolve();
  await Promise.all(requestsMade);
  here.close();
});
