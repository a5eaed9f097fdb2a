/** CPU per request in a whole execution environment: the relay under Lambda's runtime client, against an empty handler. */

import type { Part } from '../part.ts';
import { type Interleaved, interleave, median, medianRatio, rounded } from '../rounds.ts';
import { bundle, relayEntry } from './bundle.ts';
import { checkEcho } from './call.ts';
import { aBody, invokeEvent } from './event.ts';
import { type ExecutionEnvironment, runtimeName, startEnvironment } from './execution-environment.ts';
import { startRuntimeApi } from './runtime-api.ts';
import { startStub } from './stub-aws.ts';

const bodies = [
  { title: '1 KB', bytes: 1_024, count: 800 },
  { title: '100 KB', bytes: 102_400, count: 120 },
  { title: '1 MB', bytes: 1_048_576, count: 20 },
];

export const ric: Part = {
  name: 'relay.ric',
  async measure({ rounds, scale, say }) {
    const stub = await startStub();
    const relay = await startFunction(relayEntry, stub.environment);
    const empty = await startFunction('bench/relay/empty-handler.ts', stub.environment);
    const measured: (Interleaved<'relay' | 'empty', number> & { readonly title: string })[] = [];
    try {
      for (const { title, bytes, count } of bodies) {
        say(`relay.ric: ${title}, under ${runtimeName()}`);
        const event = JSON.stringify(invokeEvent('echo-0ms', aBody(bytes)));
        const times = Math.ceil(count * scale);
        const interleaved = await interleave(
          {
            relay: () =>
              relay.cpuUsEach(event, times, (answer) => checkEcho(bytes, answer.status, answer.bytes)),
            empty: () => empty.cpuUsEach(event, times, () => undefined),
          },
          rounds,
        );
        measured.push({ title, ...interleaved });
      }
    } finally {
      await Promise.all([relay.stop(), empty.stop(), stub.stop()]);
    }
    const rows = measured.map(({ title, samples: { relay, empty } }) => ({
      title,
      ratio: rounded(medianRatio(relay, empty, (us) => us)),
      relayUs: Math.round(median(relay)),
      emptyUs: Math.round(median(empty)),
    }));
    return {
      figures: { 'relay.ric.1kb': rows[0]?.ratio ?? null },
      tables: [
        {
          title: `CPU per request in an execution environment, under ${runtimeName()}`,
          columns: ['body', 'relay µs', 'empty handler µs', 'ratio'],
          rows: rows.map(({ title, relayUs, emptyUs, ratio }) => [title, relayUs, emptyUs, ratio]),
          note: 'Both receive the same event and stream their answers; the empty handler answers two bytes.',
        },
      ],
      raw: measured.map((each) => ({ title: each.title, rounds: each.rounds })),
    };
  },
};

async function startFunction(entry: string, environment: Readonly<Record<string, string>>) {
  const { file } = await bundle(entry);
  const api = await startRuntimeApi();
  const process: ExecutionEnvironment = startEnvironment({
    bundleFile: file,
    address: api.address,
    environment,
    reportsCpu: true,
  });
  return {
    async cpuUsEach(
      event: string,
      times: number,
      check: (answer: { readonly status: number; readonly bytes: number }) => void,
    ): Promise<number> {
      const before = await process.cpuUs();
      for (let turn = 0; turn < times; turn++) check(await api.invoke(event));
      return ((await process.cpuUs()) - before) / times;
    },
    async stop() {
      await process.stop();
      await api.close();
    },
  };
}
