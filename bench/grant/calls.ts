/** What each step in a grant's life asks of AWS. */

import type { TestBroker } from '../../test/support/grant-process.ts';
import * as requests from '../../test/support/grant-requests.ts';
import { createGrantWorld } from '../../test/support/grant-world.ts';
import type { Part } from '../part.ts';

type Take = (broker: TestBroker, id: string) => Promise<unknown>;

/** Each with the role of the function that does it. */
const steps: readonly (readonly [operation: string, take: Take])[] = [
  ['suspend-grant', requests.suspend],
  ['resume-grant', requests.resume],
  ['rotate-grant', requests.rotate(0)],
  ['update-grant', requests.update({ note: 'another note' })],
  ['revoke-grant', requests.revoke],
];

const services = ['iam', 'sts', 'sagemaker', 'dynamodb', 'events'];

export const calls: Part = {
  name: 'grant',
  async measure({ say }) {
    say('grant: one life, every AWS call counted');
    const world = await createGrantWorld();
    const measured: { operation: string; calls: Readonly<Record<string, number>> }[] = [];
    const count = async (operation: string, take: (broker: TestBroker) => Promise<unknown>) => {
      const broker = world.start({ as: operation });
      await take(broker);
      const schedule = world.start();
      await world.runSchedule(60, schedule);
      const made: Record<string, number> = {};
      for (const { service } of [...broker.calls, ...schedule.calls])
        made[service] = (made[service] ?? 0) + 1;
      measured.push({ operation, calls: made });
    };
    try {
      let id = '';
      await count('create-grant', async (broker) => {
        id = (await requests.create(broker)).id;
      });
      for (const [operation, take] of steps) await count(operation, (broker) => take(broker, id));
    } finally {
      world.close();
    }
    return {
      figures: { 'grant.iamCalls': measured[0]?.calls['iam'] ?? null },
      tables: [
        {
          title: "AWS calls in a grant's life",
          columns: ['operation', ...services],
          rows: measured.map(({ operation, calls }) => [
            operation,
            ...services.map((service) => calls[service] ?? 0),
          ]),
          note: 'IAM without lag. Probes are calls of STS and of the SageMaker runtime; rotate-grant without grace, update-grant for a note; DynamoDB includes one look of the schedule.',
        },
      ],
      raw: measured,
    };
  },
};
