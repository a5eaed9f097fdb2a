/** What the relay adds to the first byte of a stream, for short and long streams. */

import type { Measured, Part } from '../part.ts';
import { counted, inPeace, median, type Round, rounded } from '../rounds.ts';
import { startSide } from '../side.ts';
import { bundle, relayEntry } from './bundle.ts';
import type { StreamSample, StreamTask } from './call-stream.ts';
import { startStub } from './stub-aws.ts';

const lengths = [5, 100] as const;
type Way = 'direct' | 'proxy' | 'relay';

/** In each round. */
const turns = 32;
/** Each way, many at a time. With fewer, what is measured falls from round to round, while V8 optimizes the path of a stream. */
const warmUp = { streams: 3_000, atOnce: 32 };

export const firstByte: Part = {
  name: 'relay.stream',
  async measure({ rounds, scale, say }) {
    const { file } = await bundle(relayEntry);
    const stub = await startStub();
    const { environment } = stub;
    const relay = await startSide<string>('relay/serve-streams.ts', {
      environment,
      programArguments: [file],
    });
    const proxy = await startSide<string>('relay/serve-proxy.ts', { programArguments: [stub.sagemaker] });
    const ways: Record<Way, string | null> = { direct: null, proxy: proxy.ready, relay: relay.ready };
    const client = await startSide('relay/call-stream.ts', {
      environment,
      programArguments: [JSON.stringify(ways)],
    });
    const ask = (task: StreamTask) => client.ask<StreamSample[]>(task);
    try {
      say('relay.stream: warming up');
      await ask({ turns: Math.ceil(warmUp.streams * scale), lengths: [5], atOnce: warmUp.atOnce });
      const measured = await inPeace(rounds, (round) => {
        say(
          `relay.stream: round ${round + 1}${round < rounds ? ` of ${rounds}` : ', instead of one that was disturbed'}`,
        );
        return ask({ turns: Math.max(3, Math.ceil(turns * scale)), lengths });
      });
      return summary(measured);
    } finally {
      await Promise.all([client.stop(), proxy.stop(), relay.stop(), stub.stop()]);
    }
  },
};

function summary(rounds: readonly Round<readonly StreamSample[]>[]): Measured {
  const samples = counted(rounds);
  /** The median round's, of each round's medians. */
  const timed = (read: (of: (way: Way, parts?: number) => Times) => number) =>
    median(samples.map((round) => read((way, parts) => timesOf(round, way, parts))));
  const added = (way: Way, parts?: number) =>
    timed((of) => of(way, parts).firstMs - of('direct', parts).firstMs);
  return {
    figures: {
      'relay.ttfb.addedMs': rounded(added('relay')),
      'relay.ttfb.growthMs': rounded(added('relay', 100) - added('relay', 5)),
    },
    tables: [
      {
        title: 'First byte of a stream: the unchanged SDK client, directly and through the relay',
        columns: [
          'parts',
          'direct ms',
          'relay ms',
          'added ms',
          'added by a bare proxy ms',
          'last byte, direct ms',
          'last byte, added ms',
        ],
        rows: lengths.map((parts) => [
          parts,
          ...[
            timed((of) => of('direct', parts).firstMs),
            timed((of) => of('relay', parts).firstMs),
            added('relay', parts),
            added('proxy', parts),
            timed((of) => of('direct', parts).lastMs),
            timed((of) => of('relay', parts).lastMs - of('direct', parts).lastMs),
          ].map((ms) => rounded(ms)),
        ]),
        note:
          'One part about every millisecond; each stream follows a short one, the same way. What is added holds the second ' +
          "HTTP hop as well: the relay stands behind bare sockets in API Gateway's place. The proxy is one of Node's own " +
          'HTTP modules that only passes on.',
      },
    ],
    raw: rounds,
  };
}

type Times = Readonly<Record<'firstMs' | 'lastMs', number>>;

/** Medians of one round; without a length, of all streams. */
function timesOf(round: readonly StreamSample[], way: Way, parts?: number): Times {
  const streams = round.filter(
    (stream) => stream.way === way && (parts === undefined || stream.parts === parts),
  );
  return {
    firstMs: median(streams.map(({ firstMs }) => firstMs)),
    lastMs: median(streams.map(({ lastMs }) => lastMs)),
  };
}
