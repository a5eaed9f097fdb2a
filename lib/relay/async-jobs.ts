/** Where SageMaker said that an asynchronous inference's result will be, kept beside the subscriptions for a week. */

import { type AttributeMap, fromAttributes, toAttribute, toAttributes } from './attributes.ts';
import type { Dynamo } from './dynamodb.ts';

export interface AsyncJob {
  readonly grantId: string;
  /** `s3://…` */
  readonly output: string;
  readonly failure?: string;
}

export interface AsyncJobs {
  remember(alias: string, inferenceId: string, job: AsyncJob): Promise<void>;
  read(alias: string, inferenceId: string): Promise<AsyncJob | undefined>;
}

const keptSeconds = 7 * 86_400;

export function createAsyncJobs(options: {
  readonly dynamo: Dynamo;
  readonly table: string;
  readonly now: () => number;
}): AsyncJobs {
  const { dynamo, table, now } = options;
  // No alias holds a `#`, and the item has no `kind`, so no list shows it.
  const keyOf = (alias: string, inferenceId: string) => `async#${alias}#${inferenceId}`;
  const secondsNow = () => Math.floor(now() / 1000);
  return {
    async remember(alias, inferenceId, job) {
      await dynamo('PutItem', {
        TableName: table,
        Item: toAttributes({ alias: keyOf(alias, inferenceId), ...job, ttl: secondsNow() + keptSeconds }),
      });
    },
    async read(alias, inferenceId) {
      const { Item } = await dynamo('GetItem', {
        TableName: table,
        Key: { alias: toAttribute(keyOf(alias, inferenceId)) },
        ConsistentRead: true,
      });
      if (Item === undefined) return undefined;
      const job = fromAttributes(Item as AttributeMap) as unknown as AsyncJob & { ttl: number };
      // DynamoDB deletes what is past its time within days, not at once.
      return job.ttl > secondsNow() ? job : undefined;
    },
  };
}
