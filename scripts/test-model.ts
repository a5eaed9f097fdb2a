/**
 * `npm run test:model`: what takes longer than a test run may. Random lives of grants, lives with IAM late, and every
 * operation broken at every AWS call in every way, over all processors. SEED repeats a run, SEQUENCES and LIVES say how much.
 */

import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { runSequence } from '../test/model/grant-model.ts';
import { type Break, enumerateBreaks, play, scenarios } from '../test/support/grant-faults.ts';
import { type WatchedLife, watchLife } from '../test/support/grant-promise.ts';
import { seedFromEnvironment } from '../test/support/seeded-random.ts';

type Job =
  | { readonly kind: 'sequence'; readonly seed: number }
  | { readonly kind: 'life'; readonly seed: number }
  | {
      readonly kind: 'break';
      readonly scenario: number;
      readonly broken: Break;
      readonly lagSeconds: number;
      readonly wanted: string;
    };

interface Done {
  readonly kind: Job['kind'];
  /** What was broken; empty when nothing was. */
  readonly wrong: readonly string[];
  readonly life?: WatchedLife;
}

/** With IAM late, proofs take several rounds, and there are calls to break that a prompt IAM makes unnecessary. */
const lags = [0, 3];

if (isMainThread) await runAll();
else if (workerData === 'model')
  parentPort?.on('message', async (job: Job) => parentPort?.postMessage(await run(job)));

async function runAll(): Promise<void> {
  const seed = seedFromEnvironment();
  const count = (name: string, usual: number) => Number(process.env[name] ?? usual);
  const jobs: Job[] = [
    ...seeds(seed, count('SEQUENCES', 2_000)).map((each) => ({ kind: 'sequence', seed: each }) as const),
    ...seeds(seed, count('LIVES', 1_000)).map((each) => ({ kind: 'life', seed: each }) as const),
    ...(await everyBreak()),
  ];
  console.log(
    `SEED=${seed}: ${summary(jobs.map(({ kind }) => kind))}, on ${availableParallelism()} processors.`,
  );
  const done = await runInWorkers(jobs);
  const wrong = done.flatMap((each) => each.wrong);
  const lives = done.flatMap(({ life }) => life ?? []);
  console.log("Sharemaker's own seconds beyond IAM's lag of 0 to 90 s:");
  console.log(`  create to active   ${spread(lives.map(({ openAddedSeconds }) => openAddedSeconds))}`);
  const revoked = lives.filter(({ end }) => end === 'revoke');
  console.log(`  revoke to proven   ${spread(revoked.map(({ shutAddedSeconds }) => shutAddedSeconds))}`);
  for (const each of wrong) console.log(`\n${each}`);
  console.log(
    `\n${done.length - done.filter((each) => each.wrong.length > 0).length} passed, ${done.filter((each) => each.wrong.length > 0).length} failed`,
  );
  process.exitCode = wrong.length > 0 || done.length === 0 ? 1 : 0;
}

async function run(job: Job): Promise<Done> {
  try {
    if (job.kind === 'sequence') await runSequence(job.seed);
    if (job.kind === 'life') {
      const life = await watchLife(job.seed);
      const told = life.broken.map(
        (promise) => `SEED=${job.seed} life, lag ${life.lagSeconds} s: ${promise}`,
      );
      return { kind: job.kind, wrong: told, life };
    }
    if (job.kind === 'break') return { kind: job.kind, wrong: await breakOnce(job) };
    return { kind: job.kind, wrong: [] };
  } catch (error) {
    return { kind: job.kind, wrong: [(error as Error).message] };
  }
}

async function breakOnce({
  scenario,
  broken,
  lagSeconds,
  wanted,
}: Job & { kind: 'break' }): Promise<string[]> {
  const { call, fault, attempts } = broken;
  const played = scenarios[scenario];
  const title = `${played?.name}, ${fault} at call ${call.index} (${call.operation}), ${attempts} attempts, IAM ${lagSeconds} s late`;
  if (!played) return [`There is no scenario ${scenario}.`];
  try {
    const { standing } = await play(played, broken, lagSeconds);
    return JSON.stringify(standing) === wanted ? [] : [`${title}: IAM is not as after a clean run.`];
  } catch (error) {
    return [`${title}: ${(error as Error).message}`];
  }
}

async function everyBreak(): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const [scenario, each] of scenarios.entries()) {
    const wanted = JSON.stringify((await play(each)).standing);
    for (const lagSeconds of lags)
      for (const broken of await enumerateBreaks(each, { all: lagSeconds === 0, lagSeconds }))
        jobs.push({ kind: 'break', scenario, broken, lagSeconds, wanted });
  }
  return jobs;
}

/** Each worker asks for the next job when it is done with one. */
async function runInWorkers(jobs: readonly Job[]): Promise<Done[]> {
  const done: Done[] = [];
  const queue = jobs[Symbol.iterator]();
  const startedAt = Date.now();
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: 'model' });
      const give = () => {
        const { value: job, done: isOver } = queue.next();
        if (isOver) worker.terminate().then(() => resolve(), reject);
        else worker.postMessage(job);
      };
      worker.on('error', reject);
      worker.on('message', (each: Done) => {
        done.push(each);
        if (done.length % 250 === 0) {
          const failed = done.filter(({ wrong }) => wrong.length > 0).length;
          const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
          console.log(`  ${done.length} of ${jobs.length}, ${failed} failed, ${minutes} min`);
        }
        give();
      });
      give();
    });
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work));
  return done;
}

function seeds(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function summary(kinds: readonly Job['kind'][]): string {
  const names: Readonly<Record<Job['kind'], string>> = {
    sequence: 'random lives of up to 30 steps',
    life: 'lives with IAM late',
    break: 'operations broken at one AWS call',
  };
  const counts = Object.entries(names).map(([kind, name]) => [
    kinds.filter((each) => each === kind).length,
    name,
  ]);
  return counts.map(([count, name]) => `${count} ${name}`).join(', ');
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]?.toFixed(1) ?? '–';
  return `p50 ${at(0.5)}  p95 ${at(0.95)}  max ${at(1)}`;
}
