/** Requests per second through the relay behind a plain HTTP server, against Portkey's gateway before the same stub. */

import type { FigureName } from '../figures.ts';
import type { Load } from '../load.ts';
import type { Part, Table } from '../part.ts';
import { type Interleaved, interleave, median, medianRatio, rounded } from '../rounds.ts';
import { startSide } from '../side.ts';
import { bundle, relayEntry } from './bundle.ts';
import type { HttpCallTask } from './call-http.ts';
import { startPortkey } from './portkey.ts';
import { startStub } from './stub-aws.ts';

interface Case {
  readonly endpoint: string;
  readonly concurrency: number;
  readonly count: { readonly relay: number; readonly portkey: number };
  readonly perSecond?: FigureName;
  readonly p99?: FigureName;
}

// Portkey is given fewer requests, so that both take about as long.
const cases: readonly Case[] = [
  {
    ...{ endpoint: 'echo-0ms', concurrency: 1, count: { relay: 1_200, portkey: 500 } },
    perSecond: 'relay.rps.portkey.c1',
  },
  {
    ...{ endpoint: 'echo-0ms', concurrency: 32, count: { relay: 6_000, portkey: 1_500 } },
    perSecond: 'relay.rps.portkey.c32',
    p99: 'relay.p99.portkey.c32',
  },
  { endpoint: 'echo-5ms', concurrency: 1, count: { relay: 120, portkey: 120 } },
  { endpoint: 'echo-5ms', concurrency: 32, count: { relay: 4_000, portkey: 1_500 } },
];

/**
 * Under load a server gets faster for ten seconds, while V8 optimizes it: the relay by a fifth until it has answered some
 * 60,000 requests, Portkey's by a quarter until some 15,000. Both are measured when that is over.
 */
const warmUp = { endpoint: 'echo-0ms', concurrency: 32, count: { relay: 72_000, portkey: 18_000 } };

/** Four processes share two processors with whatever else the machine does, so single rounds lie far apart: 3.3 to 8.4. */
const moreRounds = 2;

interface CaseMeasured extends Interleaved<'relay' | 'portkey', Load> {
  readonly one: Case;
}

export const gateway: Part = {
  name: 'relay.gateway',
  async measure({ rounds, scale, say }) {
    const stub = await startStub();
    const portkey = await startPortkey(stub.sagemaker);
    if (!portkey) {
      await stub.stop();
      say("relay.gateway: Portkey's gateway is not installed");
      return { figures: unmeasured, tables: [], raw: {} };
    }
    const { file } = await bundle(relayEntry);
    const { environment } = stub;
    const server = await startSide<string>('relay/serve-relay.ts', { environment, programArguments: [file] });
    const client = await startSide('relay/call-http.ts');
    const ask = (one: Case, way: 'relay' | 'portkey') => {
      const path = `/endpoints/${one.endpoint}/invocations`;
      const task: HttpCallTask = {
        endpoint: one.endpoint,
        bodyBytes: 1_024,
        concurrency: one.concurrency,
        count: Math.ceil(one.count[way] * scale),
        url: `${way === 'relay' ? server.ready : portkey.url}${path}`,
        headers: way === 'relay' ? {} : portkey.headers,
      };
      return client.ask<Load>(task);
    };
    const measured: CaseMeasured[] = [];
    try {
      say('relay.gateway: warming up');
      for (const way of ['relay', 'portkey'] as const) await ask(warmUp, way);
      for (const one of cases) {
        say(`relay.gateway: ${titleOf(one)}`);
        const sides = { relay: () => ask(one, 'relay'), portkey: () => ask(one, 'portkey') };
        measured.push({ one, ...(await interleave(sides, rounds * moreRounds)) });
      }
    } finally {
      await Promise.all([client.stop(), server.stop(), portkey.stop(), stub.stop()]);
    }
    return {
      figures: figuresOf(measured),
      tables: [tableOf(measured)],
      raw: measured.map((each) => ({ one: each.one, rounds: each.rounds })),
    };
  },
};

const unmeasured = {
  'relay.rps.portkey.c1': null,
  'relay.rps.portkey.c32': null,
  'relay.p99.portkey.c32': null,
};

function figuresOf(measured: readonly CaseMeasured[]) {
  return Object.fromEntries(
    measured.flatMap(({ one, samples: { relay, portkey } }) => [
      ...(one.perSecond
        ? [[one.perSecond, rounded(medianRatio(relay, portkey, (load) => load.perSecond))]]
        : []),
      ...(one.p99
        ? [
            [
              one.p99,
              rounded(
                medianRatio(relay, portkey, (load) => load.p99Ms),
                3,
              ),
            ],
          ]
        : []),
    ]),
  );
}

function tableOf(measured: readonly CaseMeasured[]): Table {
  return {
    title: "Through a gateway: the relay against Portkey's, 1 KB",
    columns: [
      'model, at a time',
      'relay/s',
      'Portkey/s',
      'ratio',
      'relay p50, p99 ms',
      'Portkey p50, p99 ms',
    ],
    rows: measured.map(({ one, samples: { relay, portkey } }) => [
      titleOf(one),
      Math.round(median(relay.map((load) => load.perSecond))),
      Math.round(median(portkey.map((load) => load.perSecond))),
      rounded(medianRatio(relay, portkey, (load) => load.perSecond)),
      latenciesOf(relay),
      latenciesOf(portkey),
    ]),
    note:
      'Both stand before the same stub, each in one process, under the same load from another. Portkey is given keys, ' +
      'so that it makes no STS call; the relay takes its session from the stub and writes its usage lines. Before, the ' +
      `relay answers ${warmUp.count.relay.toLocaleString('en')} requests and Portkey ` +
      `${warmUp.count.portkey.toLocaleString('en')}, ${warmUp.concurrency} at a time: then neither gets faster any more. ` +
      `Of ${moreRounds} times as many rounds as elsewhere.`,
  };
}

function latenciesOf(loads: readonly Load[]): string {
  return [median(loads.map((load) => load.p50Ms)), median(loads.map((load) => load.p99Ms))]
    .map((ms) => rounded(ms))
    .join(', ');
}

function titleOf({ endpoint, concurrency }: Case): string {
  return `${endpoint.replace('echo-', '').replace('ms', ' ms')}, ${concurrency}`;
}
