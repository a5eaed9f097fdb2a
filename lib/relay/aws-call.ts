/** A signed call to STS, DynamoDB and the like, repeated where repeating is safe. SageMaker has a module of its own. */

import { type Environment, serviceUrl } from './aws-endpoints.ts';
import { AwsError, isThrottle } from './aws-error.ts';
import type { Credentials } from './credentials.ts';
import { type Http, HttpFailure } from './http.ts';
import { backoffMs } from './retry.ts';
import { exchangeSigned } from './signed-exchange.ts';

export interface AwsCallOptions {
  readonly http: Http;
  readonly environment: Environment;
  readonly region: string;
  readonly credentials: Credentials;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
}

export interface AwsCall {
  readonly service: 'sts' | 'dynamodb';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What an answer other than 2xx means. */
  readonly errorOf: (status: number, body: string) => AwsError;
}

const attemptsMax = 3;
const timeoutMs = 5_000;
const answerBytesMax = 1_048_576;

/** Answers the body. Throws AwsError, or HttpFailure when no answer came. */
export async function callAws(call: AwsCall, options: AwsCallOptions): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await callOnce(call, options);
    } catch (error) {
      if (attempt >= attemptsMax || !mayRepeat(error)) throw error;
      await options.wait(backoffMs(attempt, options.random));
    }
  }
}

async function callOnce(call: AwsCall, options: AwsCallOptions): Promise<string> {
  const { service, headers, body } = call;
  const { http, region, environment, credentials, now } = options;
  const answer = await exchangeSigned(
    http,
    {
      method: 'POST',
      url: new URL(serviceUrl(service, region, environment).url),
      headers,
      body,
      timeoutMs,
      bytesMax: answerBytesMax,
    },
    { credentials, region, service, now: now() },
  );
  const text = String(answer.body);
  if (answer.status === 200) return text;
  throw call.errorOf(answer.status, text);
}

/** AssumeRole and conditional or idempotent writes do no harm when they happen twice. */
function mayRepeat(error: unknown): boolean {
  if (error instanceof HttpFailure) return error.kind === 'unreachable' || error.kind === 'broken';
  return error instanceof AwsError && (error.$metadata.httpStatusCode >= 500 || isThrottle(error.name));
}
