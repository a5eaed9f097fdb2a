/** Where SageMaker said that an asynchronous inference's result will be, kept beside the subscriptions for a week. */

import { fromAttributes, toAttributes } from './attributes.ts';
import type { Dynamo } from './dynamodb.ts';
import { headerOf } from './http.ts';
import type { RuntimeAnswer } from './runtime.ts';
import type { SubscriptionRecord } from './subscription.ts';
import { readItem } from './subscription-store.ts';

export interface AsyncJob {
  readonly grantId: string;
  /** `s3://…` */
  readonly output: string;
  readonly failure?: string;
  /** Epoch milliseconds after which SageMaker has given up on it, if it has not answered. */
  readonly giveUpAt: number;
}

export interface AsyncJobs {
  /** Throws AwsError, HttpFailure, and SyntaxError for a body that is not SageMaker's. */
  remember(subscription: SubscriptionRecord, sent: HeadersOf, accepted: Accepted): Promise<void>;
  read(alias: string, inferenceId: string): Promise<AsyncJob | undefined>;
}

/** SageMaker's answer to InvokeEndpointAsync. */
type Accepted = Pick<RuntimeAnswer & { kind: 'answer' }, 'rawHeaders' | 'body'>;
type HeadersOf = Readonly<Record<string, string>>;

const keptSeconds = 7 * 86_400;
/** What SageMaker gives a request that names none (InvokeEndpointAsync, API reference). */
const queueSeconds = 21_600;
const inferenceSeconds = 900;
const prefix = 'x-amzn-sagemaker-';

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
    async remember({ alias, grantId }, sent, { rawHeaders, body }) {
      const output = headerOf(rawHeaders, `${prefix}outputlocation`);
      const failure = headerOf(rawHeaders, `${prefix}failurelocation`);
      const { InferenceId } = JSON.parse(String(body)) as { InferenceId?: string };
      if (!InferenceId || !output) return;
      const seconds =
        (Number(sent[`${prefix}requestttlseconds`]) || queueSeconds) +
        (Number(sent[`${prefix}invocationtimeoutseconds`]) || inferenceSeconds);
      await dynamo('PutItem', {
        TableName: table,
        Item: toAttributes({
          alias: keyOf(alias, InferenceId),
          grantId,
          output,
          failure,
          giveUpAt: now() + seconds * 1000,
          ttl: secondsNow() + keptSeconds,
        }),
      });
    },
    async read(alias, inferenceId) {
      const item = await readItem({ dynamo, table }, keyOf(alias, inferenceId));
      if (!item) return undefined;
      const job = fromAttributes(item) as unknown as AsyncJob & { ttl: number };
      // DynamoDB deletes what is past its time within days, not at once.
      return job.ttl > secondsNow() ? job : undefined;
    },
  };
}
