/** What the relay adds to the first byte of a stream, for short and long streams. */

import type { Part } from '../part.ts';
import { median, rounded } from '../rounds.ts';
import { startSide } from '../side.ts';
import { bundle, relayEntry } from './bundle.ts';
import type { StreamTask, StreamTimes } from './call-stream.ts';
import { startStub } from './stub-aws.ts';

const streams: readonly StreamTask[] = [
  { parts: 5, count: 80 },
  { parts: 50, count: 30 },
  { parts: 200, count: 12 },
];

/** Each way. With fewer, what is measured falls from round to round, while V8 optimizes the path of a stream. */
const warmUpStreams = 800;

export const firstByte: Part = {
  name: 'relay.stream',
  async measure({ rounds, scale, say }) {
    const { file } = await bundle(relayEntry);
    const stub = await startStub();
    const { environment } = stub;
    const server = await startSide<string>('relay/serve-relay.ts', { environment, programArguments: [file] });
    const client = await startSide('relay/call-stream.ts', { environment, programArguments: [server.ready] });
    const measured: { parts: number; samples: StreamTimes[] }[] = streams.map(({ parts }) => ({
      parts,
      samples: [],
    }));
    try {
      say('relay.stream: warming up');
      await client.ask({ parts: 5, count: Math.ceil(warmUpStreams * scale) });
      for (let round = 0; round < rounds; round++) {
        say(`relay.stream: round ${round + 1} of ${rounds}`);
        for (const [index, { parts, count }] of streams.entries())
          measured[index]?.samples.push(
            await client.ask({ parts, count: Math.max(3, Math.ceil(count * scale)) }),
          );
      }
    } finally {
      await Promise.all([client.stop(), server.stop(), stub.stop()]);
    }
    const rows = measured.map(({ parts, samples }) => ({
      parts,
      directMs: median(samples.map(({ direct }) => direct.firstMs)),
      relayMs: median(samples.map(({ relay }) => relay.firstMs)),
      addedMs: median(samples.map(({ direct, relay }) => relay.firstMs - direct.firstMs)),
      lastMs: median(samples.map(({ direct }) => direct.lastMs)),
      lastAddedMs: median(samples.map(({ direct, relay }) => relay.lastMs - direct.lastMs)),
    }));
    return {
      // The worst of the lengths: what is added must not grow with the stream.
      figures: { 'relay.ttfb.addedMs': rounded(Math.max(...rows.map(({ addedMs }) => addedMs))) },
      tables: [
        {
          title: 'First byte of a stream: the unchanged SDK client, directly and through the relay',
          columns: [
            'parts',
            'direct ms',
            'relay ms',
            'added ms',
            'last byte, direct ms',
            'last byte, added ms',
          ],
          rows: rows.map((row) => [
            row.parts,
            rounded(row.directMs),
            rounded(row.relayMs),
            rounded(row.addedMs),
            rounded(row.lastMs),
            rounded(row.lastAddedMs),
          ]),
          note:
            'One part about every millisecond. What is added holds the second HTTP hop as well: the relay stands behind ' +
            "a plain HTTP server in API Gateway's place.",
        },
      ],
      raw: measured,
    };
  },
};
