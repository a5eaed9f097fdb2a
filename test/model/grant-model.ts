/**
 * Random lives: two children and an outsider, every request, every fault at any AWS call, any clock, any lag. After each step
 * the promises that hold at all times are tested with real calls; at the end the dust settles, and what IAM then holds is
 * compared with what the grants call for.
 */

import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import type { Mode } from '../../lib/contract/fields.ts';
import type { GrantStatus } from '../../lib/contract/grant.ts';
import { type GrantRecord, isSettled } from '../../lib/grant/grant.ts';
import { moves } from '../../lib/grant/transitions.ts';
import type { CallFault, ProcessOptions, TestBroker } from '../support/grant-process.ts';
import * as requests from '../support/grant-requests.ts';
import {
  childId,
  createGrantWorld,
  type GrantWorld,
  otherChildId,
  parentId,
} from '../support/grant-world.ts';
import { type Random, seededRandom } from '../support/seeded-random.ts';
import { testDust } from './dust.ts';
import { testPromises } from './promises.ts';
import { repair } from './repair.ts';

/** Throws with the steps so far when a promise is broken. */
export async function runSequence(
  seed: number,
  stepsMax = 30,
): Promise<{ readonly steps: readonly string[] }> {
  const random = seededRandom(seed);
  const world = await createGrantWorld();
  const scene: Scene = { world, random, grants: new Map(), steps: [] };
  try {
    const steps = random.whole(5, stepsMax);
    for (let step = 0; step < steps; step++) {
      await random.oneOf(plan)(scene);
      for (const grant of scene.grants.values()) if (random.isLucky(0.5)) await testPromises(scene, grant);
    }
    scene.steps.push('the dust settles');
    await testDust(scene);
    return { steps: scene.steps };
  } catch (cause) {
    const told = scene.steps.map((step) => `  ${step}`).join('\n');
    throw new Error(`SEED=${seed}: ${(cause as Error).message}\n${told}`, { cause });
  } finally {
    world.close();
  }
}

export interface Scene {
  readonly world: GrantWorld;
  readonly random: Random;
  readonly grants: Map<string, Known>;
  readonly steps: string[];
}

/** What the test knows of a grant, beside its record. */
export interface Known {
  readonly id: string;
  readonly childId: string;
  /** Every external id that it ever had. */
  readonly externalIds: Set<string>;
  /** Everything that was ever asked for, so that more than that is known to be wrong. */
  readonly modesEver: Set<Mode>;
  latestEnd: number;
  status: GrantStatus | 'none';
  /** Its role was deleted by hand and is not repaired yet. */
  isDamaged: boolean;
  /** The grant's generation then: a repair that was never stored mends nothing. */
  damagedAt: number;
}

type Step = (scene: Scene) => Promise<void>;

const modeSets: readonly [Mode[], ...Mode[][]] = [
  ['sync'],
  ['stream'],
  ['async'],
  ['sync', 'stream'],
  ['sync', 'async'],
];
const faults: readonly [CallFault, ...CallFault[]] = [
  'throttle',
  'error',
  'timeout',
  'lost-reply',
  'crash-before',
  'crash-after',
];
const lags: readonly [number, ...number[]] = [0, 0, 3, 20, 60];
const graces: readonly [number, ...number[]] = [0, 60, 3600, 86_400];
const children: readonly [string, ...string[]] = [childId, otherChildId];

const createGrant: Step = async (scene) => {
  const { world, random, grants, steps } = scene;
  if (grants.size >= 4) return;
  const id = `grt_${String(grants.size + 1).padStart(26, '0')}`;
  const accountId = random.oneOf(children);
  const modes = random.oneOf(modeSets);
  const end = world.clock.now() + random.whole(60, 20 * 86_400) * 1000;
  const expiresAt = new Date(end).toISOString();
  const known: Known = {
    id,
    childId: accountId,
    externalIds: new Set(),
    modesEver: new Set(modes),
    latestEnd: end,
    status: 'none',
    isDamaged: false,
    damagedAt: 0,
  };
  grants.set(id, known);
  steps.push(`create ${id.slice(-1)} for ${accountId}, ${modes}, until ${expiresAt}`);
  await act(scene, known, 'create-grant', (broker) =>
    requests.create(broker, { id, endpointName: 'puppet', child: { accountId }, modes, expiresAt }),
  );
  if (!world.find(id)) grants.delete(id);
};

const updateGrant: Step = (scene) =>
  onSome(scene, async (known) => {
    const { world, random, steps } = scene;
    const modes = random.isLucky(0.5) ? random.oneOf(modeSets) : undefined;
    const end = world.clock.now() + random.whole(60, 20 * 86_400) * 1000;
    const expiresAt = random.isLucky(0.5) || !modes ? new Date(end).toISOString() : undefined;
    steps.push(`update ${known.id.slice(-1)}: ${modes ?? ''} ${expiresAt ?? ''}`);
    for (const mode of modes ?? []) known.modesEver.add(mode);
    if (expiresAt) known.latestEnd = Math.max(known.latestEnd, end);
    const patch = { ...(modes && { modes }), ...(expiresAt && { expiresAt }) };
    await act(scene, known, 'update-grant', (broker) => requests.update(patch)(broker, known.id));
  });

const askFor =
  (name: string, as: string, ask: (random: Random) => requests.Ask): Step =>
  (scene) =>
    onSome(scene, async (known) => {
      scene.steps.push(`${name} ${known.id.slice(-1)}`);
      await act(scene, known, as, (broker) => ask(scene.random)(broker, known.id));
    });

const deleteRole: Step = (scene) =>
  onSome(scene, async (known) => {
    const record = scene.world.read(known.id);
    if (!isSettled(record) || record.status === 'revoked') return;
    scene.steps.push(`somebody deletes the role of ${known.id.slice(-1)}, and a repair is asked for`);
    known.isDamaged = true;
    known.damagedAt = record.generation;
    await deleteByHand(scene.world, record.role.name);
    await act(scene, known, 'audit-grants', (broker) => repair(broker, known.id));
  });

const runSchedule: Step = async (scene) => {
  const isBroken = scene.random.isLucky(0.3);
  scene.steps.push(`schedule${isBroken ? ', broken' : ''}`);
  const broker = scene.world.start(
    withWatch(scene, { as: 'advance-grants', ...(isBroken && someFault(scene)) }),
  );
  await broker.live(scene.world.runSchedule(1, broker)).catch(() => {});
  for (const known of scene.grants.values()) look(scene, known);
};

const passTime: Step = async ({ world, random, steps }) => {
  const seconds = random.oneOf([1, 10, 60, 600, 3600, 86_400] as const) * random.between(0.5, 2);
  steps.push(`${Math.round(seconds)} s pass`);
  await world.clock.sleep(seconds * 1000);
};

const setLag: Step = async ({ world, random, steps }) => {
  const seconds = random.oneOf(lags);
  steps.push(`IAM is ${seconds} s late from now on`);
  world.iam.setLag(seconds);
};

/** More of what happens more often. */
const plan: readonly [Step, ...Step[]] = [
  createGrant,
  createGrant,
  createGrant,
  updateGrant,
  updateGrant,
  askFor('suspend', 'suspend-grant', () => requests.suspend),
  askFor('resume', 'resume-grant', () => requests.resume),
  askFor('resume', 'resume-grant', () => requests.resume),
  askFor('rotate', 'rotate-grant', (random) => requests.rotate(random.oneOf(graces))),
  askFor('rotate', 'rotate-grant', (random) => requests.rotate(random.oneOf(graces))),
  askFor('revoke', 'revoke-grant', () => requests.revoke),
  deleteRole,
  runSchedule,
  runSchedule,
  runSchedule,
  passTime,
  passTime,
  setLag,
];

async function onSome({ grants, random }: Scene, act: (known: Known) => Promise<void>): Promise<void> {
  const [first, ...others] = grants.values();
  if (first) await act(random.oneOf([first, ...others]));
}

/** One process does it, often a broken one. What it answers must be what it stored. */
async function act(
  scene: Scene,
  known: Known,
  as: string,
  ask: (broker: TestBroker) => Promise<unknown>,
): Promise<void> {
  const options = scene.random.isLucky(0.4) ? someFault(scene) : {};
  const broker = scene.world.start(withWatch(scene, { as, ...options }));
  const outcome = await broker.live(ask(broker)).then(
    (answer) => (answer === 'crashed' ? 'crashed' : 'answered'),
    (error: Error) => `failed with ${'code' in error ? error.code : error.name}`,
  );
  look(scene, known);
  const record = scene.world.find(known.id);
  scene.steps.push(`  ${outcome}; it is ${record?.status ?? 'not stored'}`);
}

function someFault({ random, steps }: Scene): ProcessOptions {
  const at = random.whole(1, 40);
  const fault = random.oneOf(faults);
  const attempts = random.oneOf([1, 3] as const);
  steps.push(`  (${fault} at call ${at}, ${attempts} attempts)`);
  return { attempts, faultAt: ({ index }) => (index === at ? fault : undefined) };
}

/** Every write is looked at: external ids are collected, and states follow each other as they may. */
function withWatch(scene: Scene, options: ProcessOptions): ProcessOptions {
  return {
    ...options,
    latencyMs: () => scene.random.between(1, 30),
    holdAfter: ({ service, operation }) => {
      // Between two changes of one step, so that the second may be visible much later than the first.
      if (service === 'iam' && scene.random.isLucky(0.1)) scene.world.iam.setLag(scene.random.oneOf(lags));
      // A write whose answer was lost shows at the next one, which renews the lease.
      if (operation === 'PutItem' || operation === 'UpdateItem')
        for (const known of scene.grants.values()) look(scene, known);
      return undefined;
    },
  };
}

function look(scene: Scene, known: Known): void {
  const record: GrantRecord | undefined = scene.world.find(known.id);
  if (!record) return;
  known.externalIds.add(record.externalIds.current);
  if (record.externalIds.next) known.externalIds.add(record.externalIds.next.value);
  if (isSettled(record) && record.generation > known.damagedAt) known.isDamaged = false;
  scene.steps.push(...moved(known, record.status));
}

function moved(known: Known, status: GrantStatus): string[] {
  if (known.status === status) return [];
  const step = `  ${known.id.slice(-1)}: ${known.status} → ${status}`;
  if (!moves.some(({ from, to }) => from === known.status && to === status))
    throw new Error(`The table of moves has no${step}`);
  known.status = status;
  return [step];
}

async function deleteByHand(world: GrantWorld, RoleName: string): Promise<void> {
  const iam = new IAMClient(world.admin(parentId));
  try {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    for (const PolicyName of PolicyNames)
      await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    await iam.send(new DeleteRoleCommand({ RoleName }));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'NoSuchEntityException')) throw error;
  }
}
