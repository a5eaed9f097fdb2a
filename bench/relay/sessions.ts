/** How often the relay asks STS: for a burst of first requests, and when it is warm. */

import type { Load } from '../load.ts';
import type { Part } from '../part.ts';
import { startSide } from '../side.ts';
import { bundle, relayEntry } from './bundle.ts';
import type { CallTask } from './call.ts';
import { startStub } from './stub-aws.ts';

const requests = 1_000;

export const sessions: Part = {
  name: 'relay.sessions',
  async measure({ say }) {
    say(`relay.sessions: ${requests} first requests at once, then ${requests} warm ones`);
    const { file } = await bundle(relayEntry);
    const stub = await startStub();
    const relay = await startSide('relay/call-relay.ts', {
      environment: stub.environment,
      programArguments: [file],
    });
    const callsFor = async (concurrency: number) => {
      const before = await stub.calls();
      const task: CallTask = { endpoint: 'echo-0ms', bodyBytes: 1_024, count: requests, concurrency };
      await relay.ask<Load>(task);
      const after = await stub.calls();
      return {
        sts: after.sts - before.sts,
        dynamodb: after.dynamodb - before.dynamodb,
        sagemaker: after.sagemaker - before.sagemaker,
      };
    };
    try {
      const burst = await callsFor(requests);
      const warm = await callsFor(32);
      return {
        figures: { 'sts.perBurst': burst.sts, 'sts.per1000warm': warm.sts },
        tables: [
          {
            title: 'AWS calls for 1,000 requests',
            columns: ['requests', 'AssumeRole', 'GetItem', 'InvokeEndpoint'],
            rows: [
              ['the first, all at once', burst.sts, burst.dynamodb, burst.sagemaker],
              ['warm', warm.sts, warm.dynamodb, warm.sagemaker],
            ],
            note: 'A subscription is read again when what is known of it is more than five seconds old.',
          },
        ],
        raw: { burst, warm },
      };
    } finally {
      await Promise.all([relay.stop(), stub.stop()]);
    }
  },
};
