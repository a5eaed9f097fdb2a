/**
 * Reads streams with the SDK's unchanged client. The first argument says in JSON where each way begins; the way without
 * an address is the direct one.
 */

import { hash } from 'node:crypto';
import {
  InvokeEndpointWithResponseStreamCommand,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { serveTasks } from '../side.ts';
import { aBody } from './event.ts';
import { staticCredentials } from './stub-aws.ts';

export interface StreamTask {
  /** Streams of each length, each way. */
  readonly turns: number;
  /** Lengths, in parts. */
  readonly lengths: readonly number[];
  /** So many turns side by side; one unless given. */
  readonly atOnce?: number;
}

/** Milliseconds since the request was sent. */
export interface StreamSample {
  readonly way: string;
  readonly parts: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

const ways = JSON.parse(process.argv[2] as string) as Readonly<Record<string, string | null>>;
const clients = Object.entries(ways).map(([way, endpoint]) => ({
  way,
  client: new SageMakerRuntimeClient({
    credentials: staticCredentials,
    ...(endpoint !== null && { endpoint }),
  }),
}));

/**
 * Before each stream that counts goes a short one, the same way. A process that had nothing to do for long is slow at first,
 * and how long that was would depend on the streams before.
 */
const leadingParts = 5;

serveTasks<StreamTask>('ready', async ({ turns, lengths, atOnce = 1 }): Promise<StreamSample[]> => {
  const streams = clients.flatMap(({ way, client }) => lengths.map((parts) => ({ way, client, parts })));
  const samples: StreamSample[] = [];
  let begun = 0;
  const takeTurns = async () => {
    while (begun < turns)
      for (const { way, client, parts } of shuffled(streams, begun++)) {
        await readStream(client, leadingParts);
        samples.push({ way, parts, ...(await readStream(client, parts)) });
      }
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  return samples;
});

/** In an order that looks like chance, another in each turn. */
function shuffled<Item>(items: readonly Item[], turn: number): Item[] {
  return items
    .map((item, index) => ({ item, place: hash('sha256', `${turn}, ${index}`) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ item }) => item);
}

/** Throws Error when the stream is not whole. */
async function readStream(client: SageMakerRuntimeClient, parts: number) {
  const sentAt = performance.now();
  const { Body = [] } = await client.send(
    new InvokeEndpointWithResponseStreamCommand({ EndpointName: `stream-${parts}`, Body: aBody(1_024) }),
  );
  let firstMs = 0;
  let received = 0;
  for await (const { PayloadPart } of Body) {
    if (!PayloadPart) continue;
    if (received === 0) firstMs = performance.now() - sentAt;
    received += 1;
  }
  if (received !== parts) throw new Error(`${received} parts came instead of ${parts}.`);
  return { firstMs, lastMs: performance.now() - sentAt };
}
