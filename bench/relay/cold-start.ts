/** From the spawn of an execution environment to its first prediction, against an empty handler. */

import type { Measured, Part } from '../part.ts';
import { type Interleaved, interleave, medianRatio, quantile, rounded } from '../rounds.ts';
import { bundle, relayEntry } from './bundle.ts';
import { checkEcho } from './call.ts';
import { makeCertificate } from './certificate.ts';
import { aBody, invokeEvent } from './event.ts';
import { runtimeName, startEnvironment } from './execution-environment.ts';
import { startRuntimeApi } from './runtime-api.ts';
import { type StubAws, startStub } from './stub-aws.ts';

/** A start is short, and its time scatters: many of them tell more. */
const startsPerRound = 3;
const bodyBytes = 1_024;

export const coldStart: Part = {
  name: 'relay.cold',
  async measure({ rounds, say }) {
    const relay = (await bundle(relayEntry)).file;
    const empty = (await bundle('bench/relay/empty-handler.ts')).file;
    const certificate = makeCertificate('IP:127.0.0.1');
    const plain = await startStub();
    const tls = certificate && (await startStub(certificate));
    if (!tls) say('relay.cold: without `openssl` there is no certificate, so TLS is not measured');
    try {
      say(`relay.cold: ${rounds * startsPerRound} starts of each, under ${runtimeName()}`);
      const sides: Readonly<Record<string, () => Promise<number>>> = {
        plain: () => start(relay, plain),
        ...(tls && { TLS: () => start(relay, tls) }),
        empty: () => start(empty, plain),
      };
      return summary(await interleave(sides, rounds * startsPerRound));
    } finally {
      await Promise.all([plain.stop(), tls?.stop()]);
      certificate?.remove();
    }
  },
};

async function start(bundleFile: string, { environment }: StubAws): Promise<number> {
  // Of its own: an environment that is killed may still be waiting for an event, and would take the next one's.
  const api = await startRuntimeApi();
  const event = JSON.stringify(invokeEvent('echo-0ms', aBody(bodyBytes)));
  const answered = api.invoke(event);
  const spawnedAt = performance.now();
  const process = startEnvironment({ bundleFile, address: api.address, environment });
  try {
    const { status, bytes } = await answered;
    const tookMs = performance.now() - spawnedAt;
    if (bytes > 2) checkEcho(bodyBytes, status, bytes);
    return tookMs;
  } finally {
    await process.stop();
    await api.close();
  }
}

function summary({ samples: { empty = [], ...relay }, rounds }: Interleaved<string, number>): Measured {
  const ratioOf = (name: string) => {
    const samples = relay[name];
    return samples ? rounded(medianRatio(samples, empty, (ms) => ms)) : null;
  };
  const row = (title: string, samples: readonly number[], ratio: number | string | null) => [
    title,
    ...[0.5, 0.9].map((share) => rounded(quantile(samples, share), 1)),
    ratio ?? '',
  ];
  return {
    figures: { 'relay.cold.plain': ratioOf('plain'), 'relay.cold.tls': ratioOf('TLS') },
    tables: [
      {
        title: `From spawn to the first answer, under ${runtimeName()}`,
        columns: ['', 'p50 ms', 'p90 ms', 'ratio'],
        rows: [
          row('empty handler', empty, 1),
          ...Object.entries(relay).map(([name, samples]) =>
            row(`relay, AWS behind ${name}`, samples, ratioOf(name)),
          ),
        ],
        note:
          "The relay's first prediction takes one GetItem, one AssumeRole and one InvokeEndpoint, each over a new " +
          'connection to an address of its own. The verdict on the certificate, which nobody signed, is not acted on: ' +
          'NODE_EXTRA_CA_CERTS would cost 20 ms that no Lambda pays.',
      },
    ],
    raw: rounds,
  };
}
