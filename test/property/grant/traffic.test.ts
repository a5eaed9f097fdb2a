/** What a child that never stops calling notices of its grant's life. */

import { expect, it } from 'vitest';
import { assumeAsChild, callAsChild, invokeWith } from '../../support/child-call.ts';
import * as requests from '../../support/grant-requests.ts';
import { childId, createGrantWorld, type GrantWorld, type Keys } from '../../support/grant-world.ts';

const dayMs = 86_400_000;
const perSecond = 50;

interface Request {
  readonly at: number;
  readonly answer: 'allowed' | 'denied';
}

/** The child reads its offer and takes a new session every ten seconds, and asks for a prediction 50 times in each. */
function startTraffic(world: GrantWorld, id: string) {
  const made: Request[] = [];
  let session: Keys | undefined;
  let renewAt = 0;
  const stop = world.clock.every(1000 / perSecond, async () => {
    const record = world.read(id);
    const at = world.clock.now();
    if (!session || at >= renewAt) {
      session = (await assumeAsChild(world, record)) ?? session;
      renewAt = at + 10_000;
    }
    made.push({
      at,
      answer: session ? await invokeWith(world, record, session, { mode: 'sync' }) : 'denied',
    });
  });
  return { made, stop };
}

it.each([0, 7])(
  'notices nothing but the time between suspend and resume, with IAM %i s late',
  { timeout: 120_000 },
  async (lag) => {
    const world = await createGrantWorld();
    const broker = world.start({ latencyMs: () => 20 });
    const { id } = await requests.create(broker, { endpointName: 'puppet' });
    world.iam.setLag(lag);
    const { made, stop } = startTraffic(world, id);
    const settle = async (ask: requests.Ask) => {
      await ask(broker, id);
      await world.runSchedule(5, broker);
      await world.clock.sleep(2_000);
    };

    await settle(requests.update({ expiresAt: new Date(world.clock.now() + 200 * dayMs).toISOString() }));
    await settle(requests.update({ modes: ['sync', 'stream'] }));
    await settle(requests.rotate(12));
    await settle(requests.update({ modes: ['sync'], conditions: { sourceIps: ['127.0.0.0/8'] } }));
    const suspendAt = world.clock.now();
    await settle(requests.suspend);
    const suspendedAt = Date.parse(world.read(id).updatedAt);
    const resumeAt = world.clock.now();
    await settle(requests.resume);
    const resumedAt = Date.parse(world.read(id).updatedAt);
    // The old external id's grace period ends in the middle of it.
    await world.clock.sleep(12_000);
    await world.runSchedule(5, broker);
    await settle(requests.update({ expiresAt: new Date(world.clock.now() + 10 * dayMs).toISOString() }));
    stop();

    const refused = made.filter(({ answer }) => answer === 'denied').map(({ at }) => at);
    expect(refused.filter((at) => at < suspendAt || at > resumedAt)).toEqual([]);
    const between = made.filter(({ at }) => at > suspendedAt && at < resumeAt);
    expect(between.length).toBeGreaterThan(perSecond);
    expect(between.filter(({ answer }) => answer === 'allowed')).toEqual([]);
    expect(made.length).toBeGreaterThan(20 * perSecond);
    expect(world.read(id)).toMatchObject({ status: 'active', externalIds: { current: expect.any(String) } });
    expect(world.read(id).externalIds).not.toHaveProperty('previous');
    world.close();
  },
);

it('leaves a second grant to the same child untouched when the first ends', async () => {
  const world = await createGrantWorld();
  const broker = world.start({ latencyMs: () => 20 });
  const [first, second] = [
    await requests.create(broker),
    await requests.create(broker, { modes: ['stream'] }),
  ];
  const before = (await world.shareRoles()).get(second.role.name);
  const { made, stop } = startTraffic(world, second.id);
  await requests.revoke(broker, first.id);
  await world.clock.sleep(1_000);
  stop();
  expect(made.length).toBeGreaterThan(perSecond);
  expect(made.filter(({ answer }) => answer === 'denied')).toEqual([]);
  expect([...(await world.shareRoles())]).toEqual([[second.role.name, before]]);
  expect(await callAsChild(world, world.read(first.id))).toBe('denied');
  world.close();
});

it('is refused at the very millisecond of the date with every schedule stopped, and the end is proven later', async () => {
  const world = await createGrantWorld();
  const end = world.clock.now() + dayMs;
  const { id } = await requests.create(world.start(), { expiresAt: new Date(end).toISOString() });
  const record = world.read(id);
  await world.clock.sleep(end - 60_000 - world.clock.now());
  const session = await assumeAsChild(world, record);
  if (!session) throw new Error('No session a minute before the date.');

  await world.clock.sleep(end - 1 - world.clock.now());
  expect(await invokeWith(world, record, session)).toBe('allowed');
  expect(await callAsChild(world, record)).toBe('allowed');
  await world.clock.sleep(1);
  expect(await invokeWith(world, record, session)).toBe('denied');
  expect(await assumeAsChild(world, record)).toBeUndefined();
  expect(world.read(id).status).toBe('active');

  await world.clock.sleep(3 * dayMs);
  await world.runSchedule();
  const { status, receipt } = world.read(id);
  expect(status).toBe('expired');
  expect(receipt).toMatchObject({ sessionDeniedAt: expect.any(String), freshDeniedAt: expect.any(String) });
  expect((await world.shareRoles()).size).toBe(0);
  world.close();
});

it('lets nobody but its child in, whatever they know', async () => {
  const world = await createGrantWorld();
  const broker = world.start();
  const { id } = await requests.create(broker, { endpointName: 'puppet' });
  const record = world.read(id);
  expect(await callAsChild(world, record)).toBe('allowed');
  for (const accountId of ['333333333333', '444444444444', '111111111111'])
    expect(await callAsChild(world, record, { accountId })).toBe('denied');
  for (const externalId of ['wrong', record.externalIds.current.toUpperCase(), childId])
    expect(await callAsChild(world, record, { externalId })).toBe('denied');
  for (const mode of ['stream', 'async'] as const)
    expect(await callAsChild(world, record, { mode })).toBe('denied');
  expect(await callAsChild(world, record, { endpointName: 'Iris-Classifier' })).toBe('denied');
  world.close();
});
