/** CPU per request through the relay, against one direct call of the SDK. */

import type { FigureName } from '../figures.ts';
import type { Load } from '../load.ts';
import type { Measured, Part } from '../part.ts';
import { type Interleaved, interleave, median, medianRatio, rounded } from '../rounds.ts';
import { startSide } from '../side.ts';
import { bundle, relayEntry } from './bundle.ts';
import type { CallTask } from './call.ts';
import { startStub } from './stub-aws.ts';

interface Case extends CallTask {
  readonly title: string;
  readonly figure?: FigureName;
}

const kilobyte = 1_024;

const cases: readonly Case[] = [
  { ...sized('1 KB', 0, 1, 1_500), figure: 'relay.cpu.1kb.c1' },
  { ...sized('1 KB', 0, 32, 4_000), figure: 'relay.cpu.1kb.c32' },
  { ...sized('100 KB', 0, 1, 600), figure: 'relay.cpu.100kb.c1' },
  sized('100 KB', 0, 32, 1_000),
  { ...sized('1 MB', 0, 1, 80), figure: 'relay.cpu.1mb.c1' },
  sized('1 MB', 0, 32, 96),
  sized('1 KB', 5, 1, 150),
  sized('1 KB', 5, 32, 3_000),
  sized('100 KB', 5, 1, 60),
  sized('100 KB', 5, 32, 320),
  sized('1 MB', 5, 1, 24),
  sized('1 MB', 5, 32, 64),
];

export const cpu: Part = {
  name: 'relay.cpu',
  async measure({ rounds, scale, say }) {
    const { file } = await bundle(relayEntry);
    const stub = await startStub();
    const { environment } = stub;
    const sides = {
      relay: await startSide('relay/call-relay.ts', { environment, programArguments: [file] }),
      sdk: await startSide('relay/call-sdk.ts', { environment }),
    };
    const measured: CaseMeasured[] = [];
    try {
      for (const one of cases) {
        say(`relay.cpu: ${titleOf(one)}`);
        const task = { ...one, count: Math.ceil(one.count * scale) };
        const interleaved = await interleave(
          { relay: () => sides.relay.ask<Load>(task), sdk: () => sides.sdk.ask<Load>(task) },
          rounds,
        );
        measured.push({ one, ...interleaved });
      }
    } finally {
      await Promise.all([sides.relay.stop(), sides.sdk.stop(), stub.stop()]);
    }
    return summary(measured);
  },
};

interface CaseMeasured extends Interleaved<'relay' | 'sdk', Load> {
  readonly one: Case;
}

function summary(measured: readonly CaseMeasured[]): Measured {
  const rows = measured.map(({ one, samples: { relay, sdk } }) => ({
    one,
    ratio: medianRatio(relay, sdk, ({ cpuUs }) => cpuUs),
    relayUs: median(relay.map(({ cpuUs }) => cpuUs)),
    sdkUs: median(sdk.map(({ cpuUs }) => cpuUs)),
    relayMs: median(relay.map(({ p50Ms }) => p50Ms)),
    sdkMs: median(sdk.map(({ p50Ms }) => p50Ms)),
  }));
  return {
    figures: Object.fromEntries(
      rows.flatMap(({ one, ratio }) => (one.figure ? [[one.figure, rounded(ratio)]] : [])),
    ),
    tables: [
      {
        title: 'CPU per request: the relay against one direct SDK call',
        columns: ['body, model, at a time', 'relay µs', 'SDK µs', 'ratio', 'relay p50 ms', 'SDK p50 ms'],
        rows: rows.map(({ one, ratio, relayUs, sdkUs, relayMs, sdkMs }) => [
          titleOf(one),
          Math.round(relayUs),
          Math.round(sdkUs),
          rounded(ratio),
          rounded(relayMs),
          rounded(sdkMs),
        ]),
        note:
          'CPU is what the calling process used, system time included. The relay is its whole handler, middy and usage ' +
          "line included, fed with API Gateway's events and answering into a stream; what Lambda's runtime adds is measured below.",
      },
    ],
    raw: measured.map((each) => ({ one: each.one, rounds: each.rounds })),
  };
}

function sized(title: '1 KB' | '100 KB' | '1 MB', modelMs: 0 | 5, concurrency: 1 | 32, count: number): Case {
  const bodyBytes = { '1 KB': 1, '100 KB': 100, '1 MB': 1_024 }[title] * kilobyte;
  return { title, endpoint: `echo-${modelMs}ms`, bodyBytes, concurrency, count };
}

function titleOf({ title, endpoint, concurrency }: Case): string {
  return `${title}, ${endpoint.replace('echo-', '').replace('ms', ' ms')}, ${concurrency}`;
}
