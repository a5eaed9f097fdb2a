/** Where the CPU of a warm invocation goes: profiles by V8's sampling profiler, of the relay and of the SDK beside it. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Load } from '../load.ts';
import type { Part, Table } from '../part.ts';
import { type SideOptions, startSide } from '../side.ts';
import { bundle, relayEntry } from './bundle.ts';
import type { CallTask } from './call.ts';
import { type Area, areaOf, type CpuProfile, type SelfTime, selfTimes } from './cpu-profile.ts';
import { startStub } from './stub-aws.ts';

const cases = [
  { title: '1 KB, 1 at a time', bodyBytes: 1_024, concurrency: 1, count: 6_000 },
  { title: '1 KB, 32 at a time', bodyBytes: 1_024, concurrency: 32, count: 12_000 },
  { title: '1 MB, 1 at a time', bodyBytes: 1_048_576, concurrency: 1, count: 300 },
];

const areas: readonly Area[] = [
  'relay',
  'SDK',
  'HTTP and sockets',
  'streams, timers, promises',
  'hashes',
  'bytes and text',
  'garbage collection',
  'kernel and C++',
];
const functionsShown = 14;

export const profile: Part = {
  name: 'relay.profile',
  async measure({ scale, say }) {
    const { file } = await bundle(relayEntry, true);
    const stub = await startStub();
    const { environment } = stub;
    const sides: Readonly<Record<string, [program: string, options: SideOptions]>> = {
      relay: ['relay/call-relay.ts', { environment, programArguments: [file] }],
      SDK: ['relay/call-sdk.ts', { environment }],
    };
    const profiles: Profile[] = [];
    try {
      for (const { title, ...task } of cases)
        for (const [side, [program, options]] of Object.entries(sides)) {
          say(`relay.profile: ${side}, ${title}`);
          const count = Math.ceil(task.count * scale);
          const times = await takeProfile(program, options, { ...task, endpoint: 'echo-0ms', count });
          profiles.push({ title: `${side}, ${title}`, times });
        }
    } finally {
      await stub.stop();
    }
    return {
      figures: {},
      tables: [tableOfAreas(profiles), ...profiles.slice(0, 1).map(tableOfFunctions)],
      // The samples themselves are megabytes; `node --cpu-prof` makes them again.
      raw: profiles.map(({ title, times }) => ({ title, areas: sharesOf(times) })),
    };
  },
};

interface Profile {
  readonly title: string;
  readonly times: readonly SelfTime[];
}

async function takeProfile(program: string, options: SideOptions, task: CallTask): Promise<SelfTime[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sharemaker-profile-'));
  try {
    const nodeOptions = ['--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=250'];
    const side = await startSide(program, { ...options, nodeOptions });
    await side.ask<Load>({ ...task, count: Math.ceil(task.count / 3) });
    const fromUs = monotonicUs();
    await side.ask<Load>(task);
    const untilUs = monotonicUs();
    await side.stop();
    const [name = ''] = readdirSync(directory);
    const profile = JSON.parse(readFileSync(join(directory, name), 'utf8')) as CpuProfile;
    return selfTimes(profile, { fromUs, untilUs });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One clock for all processes of a machine, and the one that V8 stamps its profiles with. */
function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

function tableOfAreas(profiles: readonly Profile[]): Table {
  return {
    title: 'Where the CPU of a warm request goes, in per cent',
    columns: ['case', ...areas],
    rows: profiles.map(({ title, times }) => {
      const shares = sharesOf(times);
      return [title, ...areas.map((area) => (100 * (shares[area] ?? 0)).toFixed(0))];
    }),
    note: 'Self time by sampling, idle time left out. The relay is bundled with the names of its functions for this.',
  };
}

function tableOfFunctions({ title, times }: Profile): Table {
  const all = totalOf(times);
  return {
    title: `The functions that cost most: ${title}`,
    columns: ['function', 'where', 'per cent'],
    rows: times
      .slice(0, functionsShown)
      .map(({ name, where, micros }) => [name, where || 'native', ((100 * micros) / all).toFixed(1)]),
  };
}

function sharesOf(times: readonly SelfTime[]): Partial<Record<Area, number>> {
  const all = totalOf(times);
  const shares: Partial<Record<Area, number>> = {};
  for (const time of times) shares[areaOf(time)] = (shares[areaOf(time)] ?? 0) + time.micros / all;
  return shares;
}

function totalOf(times: readonly SelfTime[]): number {
  return times.reduce((sum, { micros }) => sum + micros, 0);
}
