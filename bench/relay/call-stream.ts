/**
 * Reads streams with the SDK's unchanged client, in turn directly and through the relay; the first argument is where the
 * relay listens.
 */

import {
  InvokeEndpointWithResponseStreamCommand,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { quantile } from '../rounds.ts';
import { serveTasks } from '../side.ts';
import { aBody } from './event.ts';
import { staticCredentials } from './stub-aws.ts';

export interface StreamTask {
  /** Of each stream. */
  readonly parts: number;
  readonly count: number;
}

/** Medians, in milliseconds. */
export interface StreamTimes {
  readonly direct: { readonly firstMs: number; readonly lastMs: number };
  readonly relay: { readonly firstMs: number; readonly lastMs: number };
}

const clients = {
  direct: new SageMakerRuntimeClient({ credentials: staticCredentials }),
  relay: new SageMakerRuntimeClient({ credentials: staticCredentials, endpoint: process.argv[2] as string }),
};
type Way = keyof typeof clients;

serveTasks<StreamTask>('ready', async ({ parts, count }): Promise<StreamTimes> => {
  const times: Record<Way, { firstMs: number; lastMs: number }[]> = { direct: [], relay: [] };
  for (let turn = 0; turn < count; turn++)
    for (const way of ['direct', 'relay'] as const) times[way].push(await readStream(clients[way], parts));
  return { direct: mediansOf(times.direct), relay: mediansOf(times.relay) };
});

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

function mediansOf(times: readonly { readonly firstMs: number; readonly lastMs: number }[]) {
  const of = (read: 'firstMs' | 'lastMs') =>
    quantile(
      times.map((time) => time[read]),
      0.5,
    );
  return { firstMs: of('firstMs'), lastMs: of('lastMs') };
}
