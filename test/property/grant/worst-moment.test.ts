/** Each stops a worker at the one moment at which a request, a crash or somebody's hand could do the most harm. */

import { CreateRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { expect, it } from 'vitest';
import { isSettled } from '../../../lib/grant/grant.ts';
import { callAsChild } from '../../support/child-call.ts';
import type { AwsCall, ProcessOptions } from '../../support/grant-process.ts';
import * as requests from '../../support/grant-requests.ts';
import { createGrantWorld, type GrantWorld, parentId } from '../../support/grant-world.ts';

const { suspend, resume, revoke, rotate, update } = requests;

/** A process that stands still at the first such call until it is let go. */
function holdAt(which: (call: AwsCall) => boolean) {
  const reached = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  let isHeld = false;
  const hold: ProcessOptions['holdAfter'] = (call) => {
    if (isHeld || !which(call)) return undefined;
    isHeld = true;
    reached.resolve();
    return letGo.promise;
  };
  return { hold, reached: reached.promise, letGo: () => letGo.resolve() };
}

const named = (operation: string) => (call: AwsCall) => call.operation === operation;

async function inWorld(play: (world: GrantWorld) => Promise<void>): Promise<void> {
  const world = await createGrantWorld();
  try {
    await play(world);
  } finally {
    world.close();
  }
}

it('keeps a lease as long as it was renewed, whoever writes meanwhile', () =>
  inWorld(async (world) => {
    const { id } = await requests.create(world.start());
    await suspend(world.start(), id);
    // A slow call, after which the worker renews its lease; then one that is on its way for longer than the first lease had left.
    const slow = holdAt(named('PutRolePolicy'));
    const onItsWay = holdAt(named('DeleteRolePolicy'));
    const resuming = resume(world.start({ holdAfter: slow.hold, holdBefore: onItsWay.hold }), id);
    await slow.reached;
    await world.clock.sleep(20_000);
    const read = holdAt(named('GetItem'));
    const suspending = suspend(world.start({ holdAfter: read.hold }), id);
    await read.reached;
    slow.letGo();
    await onItsWay.reached;
    read.letGo();
    await suspending;
    onItsWay.letGo();
    await resuming;
    await world.runSchedule();
    expect(world.read(id).status).toBe('suspended');
    expect(isSettled(world.read(id))).toBe(true);
    expect(await callAsChild(world, world.read(id))).toBe('denied');
  }));

/** What hands a grant back: with IAM this late no proof is had in a request's time, and with a deaf bus no news are told. */
const handingBack: readonly {
  readonly what: string;
  readonly lag: number;
  readonly process: ProcessOptions;
}[] = [
  { what: 'for want of time', lag: 90, process: {} },
  {
    what: 'for want of a bus',
    lag: 0,
    process: { faultAt: ({ service }) => (service === 'events' ? 'error' : undefined) },
  },
];

it.each(handingBack)('takes up a revoke that comes while a worker hands back $what', ({ lag, process }) => {
  const latencyMs = () => 20;
  const change = update({ modes: ['sync', 'async'] });
  const start = async (world: GrantWorld) => {
    const { id } = await requests.create(world.start());
    await world.clock.sleep(120_000);
    world.iam.setLag(lag);
    return id;
  };
  return inWorld(async (rehearsal) => {
    const broker = rehearsal.start({ ...process, latencyMs });
    await change(broker, await start(rehearsal));
    const last = broker.calls.findLast(named('UpdateItem'))?.index;
    await inWorld(async (world) => {
      const id = await start(world);
      const handing = holdAt(({ index }) => index === last);
      const changing = change(world.start({ ...process, latencyMs, holdBefore: handing.hold }), id);
      await handing.reached;
      const askedAt = world.clock.now();
      let deniedAt = Number.POSITIVE_INFINITY;
      const watch: ProcessOptions['holdAfter'] = ({ operation }) => {
        if (operation === 'PutItem') handing.letGo();
        return undefined;
      };
      const revoking = revoke(world.start({ as: 'revoke-grant', latencyMs, holdAfter: watch }), id);
      const stop = world.clock.every(250, async () => {
        const denies = [...(await world.shareRoles()).values()].every(({ inline }) => inline['deny']);
        if (denies) deniedAt = Math.min(deniedAt, world.clock.now());
      });
      await Promise.all([revoking, changing]);
      stop();
      expect(deniedAt - askedAt).toBeLessThan(5_000);
    });
  });
});

it.each([0, 20])('never opens again what an update took away while suspended, with IAM %i s late', (lag) =>
  inWorld(async (world) => {
    const latencyMs = () => 20;
    const { id } = await requests.create(world.start(), {
      modes: ['sync', 'async'],
      endpointName: 'puppet',
    });
    await suspend(world.start(), id);
    await world.clock.sleep(120_000);
    world.iam.setLag(lag);
    // The update is stored, and its process is gone before it is proven.
    const until = world.clock.now() + 150;
    const dying = world.start({
      latencyMs,
      faultAt: () => (world.clock.now() > until ? 'crash-before' : undefined),
    });
    await dying.live(update({ modes: ['sync'] })(dying, id));
    expect(isSettled(world.read(id))).toBe(false);
    await world.clock.sleep(31_000);

    const opened: number[] = [];
    const stop = world.clock.every(100, async () => {
      if ((await callAsChild(world, world.read(id), { mode: 'async' })) === 'allowed')
        opened.push(world.clock.now());
    });
    await resume(world.start({ latencyMs }), id);
    await world.runSchedule(5, world.start({ as: 'advance-grants', latencyMs }));
    stop();
    expect(world.read(id).status).toBe('active');
    expect(await callAsChild(world, world.read(id))).toBe('allowed');
    expect(opened).toEqual([]);
  }),
);

it('waits for a role that was made again just before the end was asked for, and that IAM does not show yet', () =>
  inWorld(async (world) => {
    const { id } = await requests.create(world.start());
    await world.clock.sleep(3_600_000);
    await world.start().shareRole.remove(world.read(id));
    const dying = world.start({
      faultAt: ({ operation }) => (operation === 'CreateRole' ? 'crash-after' : undefined),
    });
    await dying.live(rotate(3600)(dying, id));
    await world.clock.sleep(31_000);
    // As IAM answers while it does not know the new role everywhere.
    const broker = world.start({ as: 'revoke-grant' });
    const { shareRole, prober } = broker;
    await revoke(
      {
        ...broker,
        shareRole: { ...shareRole, putPolicy: async () => false, remove: async () => {} },
        prober: { ...prober, assume: async () => ({ answer: 'denied' }) },
      },
      id,
    );
    expect(world.read(id).status).toBe('revoking');
    await world.runSchedule();
    expect(world.read(id).status).toBe('revoked');
    expect(await world.shareRoles()).toEqual(new Map());
  }));

it('counts no denial as proof of the end that came before the mark was let through', () =>
  inWorld(async (world) => {
    const { id } = await requests.create(world.start());
    const broker = world.start({ as: 'revoke-grant', latencyMs: () => 20 });
    let marked = 0;
    let letThroughAt = Number.POSITIVE_INFINITY;
    const assume: typeof broker.prober.assume = async (record, externalId) => {
      const isMark = externalId !== record.externalIds.current;
      // All replicas but those that answer for the mark have heard of the end.
      if (isMark && ++marked < 6) return { answer: 'denied' };
      const answered = await broker.prober.assume(record, externalId);
      if (isMark) letThroughAt = Math.min(letThroughAt, world.clock.now());
      return answered;
    };
    await revoke({ ...broker, prober: { ...broker.prober, assume } }, id);
    const { sessionDeniedAt = '', freshDeniedAt = '' } = world.read(id).receipt ?? {};
    expect(Date.parse(freshDeniedAt)).toBeGreaterThanOrEqual(letThroughAt);
    expect(Date.parse(sessionDeniedAt)).toBeGreaterThanOrEqual(letThroughAt);
  }));

const overtakings: readonly {
  readonly name: string;
  readonly first: requests.Ask;
  readonly second: requests.Ask;
  readonly told: readonly string[];
}[] = [
  {
    name: 'a suspend overtakes a rotation',
    first: rotate(3600),
    second: suspend,
    told: ['grant.suspended', 'grant.rotated', 'grant.rotation_finished'],
  },
  {
    name: 'a rotation overtakes a suspend',
    first: suspend,
    second: rotate(3600),
    told: ['grant.suspended', 'grant.rotated', 'grant.rotation_finished'],
  },
  {
    name: 'an update overtakes a suspend',
    first: suspend,
    second: update({ modes: ['stream'] }),
    told: ['grant.suspended', 'grant.updated'],
  },
];

it.each(overtakings)('tells of both where $name', ({ first, second, told }) =>
  inWorld(async (world) => {
    const { id } = await requests.create(world.start());
    const dying = world.start({
      faultAt: ({ service }) => (service === 'iam' ? 'crash-before' : undefined),
    });
    await dying.live(first(dying, id));
    await world.clock.sleep(31_000);
    await second(world.start(), id);
    await world.runSchedule(3);
    const { history, status } = world.read(id);
    expect(status).toBe('suspended');
    expect(
      history
        .slice(2)
        .filter(({ by, event }) => by === 'sharemaker' && !event.endsWith('_asked'))
        .map(({ event }) => event),
    ).toEqual(told);
  }),
);

it('ends a grant whose role somebody made again outside /sharemaker/, and leaves that one alone', () =>
  inWorld(async (world) => {
    const { id } = await requests.create(world.start());
    const { role } = world.read(id);
    await world.start().shareRole.remove({ role });
    const iam = new IAMClient(world.admin(parentId));
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${parentId}:root` }, Action: 'sts:AssumeRole' },
      ],
    });
    const RoleName = role.name;
    await iam.send(new CreateRoleCommand({ RoleName, Path: '/', AssumeRolePolicyDocument }));
    await revoke(world.start({ as: 'revoke-grant' }), id);
    expect(world.read(id)).toMatchObject({
      status: 'revoked',
      receipt: { note: expect.stringContaining('no role any more') },
    });
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    expect(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''))).toEqual(
      JSON.parse(AssumeRolePolicyDocument),
    );
  }));
