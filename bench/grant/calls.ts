/** What each step in a grant's life asks of AWS. */

import type { TestBroker } from '../../test/support/grant-process.ts';
import * as requests from '../../test/support/grant-requests.ts';
import { createGrantWorld } from '../../test/support/grant-world.ts';
import type { Part } from '../part.ts';

const steps: readonly (readonly [
  name: string,
  take: (broker: TestBroker, id: string) => Promise<unknown>,
])[] = [
  ['suspend', requests.suspend],
  ['resume', requests.resume],
  ['rotate, no grace', requests.rotate(0)],
  ['update: another note', requests.update({ note: 'another note' })],
  ['revoke', requests.revoke],
];

const services = ['iam', 'sts', 'sagemaker', 'dynamodb', 'events'];

export const calls: Part = {
  name: 'grant',
  async measure({ say }) {
    say('grant: one life, every AWS call counted');
    const world = await createGrantWorld();
    const measured: { name: string; calls: Readonly<Record<string, number>> }[] = [];
    const count = async (name: string, take: (broker: TestBroker) => Promise<unknown>) => {
      const broker = world.start();
      await take(broker);
      await world.runSchedule(60, broker);
      const made: Record<string, number> = {};
      for (const { service } of broker.calls) made[service] = (made[service] ?? 0) + 1;
      measured.push({ name, calls: made });
    };
    try {
      let id = '';
      await count('create', async (broker) => {
        id = (await requests.create(broker)).id;
      });
      for (const [name, take] of steps) await count(name, (broker) => take(broker, id));
    } finally {
      world.close();
    }
    return {
      figures: { 'grant.iamCalls': measured[0]?.calls['iam'] ?? null },
      tables: [
        {
          title: "AWS calls in a grant's life",
          columns: ['step', ...services],
          rows: measured.map(({ name, calls }) => [name, ...services.map((service) => calls[service] ?? 0)]),
          note: 'IAM without lag. Probes are calls of STS and of the SageMaker runtime; DynamoDB includes the look of one schedule.',
        },
      ],
      raw: measured,
    };
  },
};
