/**
 * Brokered asynchronous inference: the child uploads into and reads from the grant's own prefix of the parent's
 * bucket, with nothing but the share role's session, so that it needs no S3 rights of its own.
 */

import type { AsyncJobs } from './async-jobs.ts';
import { type Environment, serviceUrl } from './aws-endpoints.ts';
import type { SessionCredentials } from './credentials.ts';
import { errorAnswer, errorCodeOf, refusal } from './errors.ts';
import { type Http, headerOf } from './http.ts';
import { answerBytesMax } from './limits.ts';
import { exchangeSigned } from './signed-exchange.ts';
import { percentEncode, presign } from './sigv4.ts';
import type { SubscriptionRecord } from './subscription.ts';

export interface BufferedAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer | string;
}

export interface AsyncBroker {
  /** 201 and where to PUT the input. Throws Refusal when the grant brokers no input. */
  offerUpload(subscription: SubscriptionRecord, credentials: SessionCredentials): BufferedAnswer;
  /** The model's answer, 202 while there is none, or its failure. Throws HttpFailure and what `jobs` throws. */
  readResult(
    subscription: SubscriptionRecord,
    inferenceId: string,
    credentials: SessionCredentials,
  ): Promise<BufferedAnswer>;
}

const uploadSecondsMax = 900;
const s3TimeoutMs = 20_000;

export function createAsyncBroker(options: {
  readonly http: Http;
  readonly environment: Environment;
  readonly jobs: AsyncJobs;
  readonly now: () => number;
  readonly newId: () => string;
}): AsyncBroker {
  const { http, environment, jobs, now, newId } = options;

  const urlOf = (location: string, region: string): URL => {
    const { bucket, key } = s3Location(location);
    const { url, isCustom } = serviceUrl('s3', region, environment);
    const base = isCustom ? `${url}/${bucket}` : url.replace('//', `//${bucket}.`);
    return new URL(`${base}/${key.split('/').map(percentEncode).join('/')}`);
  };

  /** Undefined: not there, or not ours to see; S3 says 403 for both to who may not list the bucket. */
  const getObject = async (location: string, region: string, credentials: SessionCredentials) => {
    const answer = await exchangeSigned(
      http,
      { method: 'GET', url: urlOf(location, region), timeoutMs: s3TimeoutMs, bytesMax: answerBytesMax },
      { credentials, region, service: 's3', now: now() },
    );
    if (answer.status === 200) return answer;
    if (answer.status === 404 || answer.status === 403) return undefined;
    throw refusal(
      'ServiceUnavailable',
      `S3 answered ${errorCodeOf(answer.status, answer.rawHeaders, answer.body)}.`,
    );
  };

  return {
    offerUpload(subscription, credentials) {
      const { async, endpoint, grantId } = subscription;
      if (!async)
        throw refusal(
          'ValidationError',
          `Grant ${grantId} brokers no input. Send it inline, at most 128,000 bytes, or name an InputLocation that the endpoint can read.`,
        );
      const inputLocation = `${async.inputPrefix}${newId()}`;
      const { origin, host, pathname: path } = urlOf(inputLocation, endpoint.region);
      // The URL dies with the session that signed it.
      const sessionSeconds = Math.floor((credentials.expiresAt - now()) / 1000);
      const seconds = Math.max(1, Math.min(uploadSecondsMax, sessionSeconds));
      const query = presign(
        { method: 'PUT', path, headers: { host } },
        { credentials, region: endpoint.region, service: 's3', now: now(), expiresInSeconds: seconds },
      );
      return {
        status: 201,
        headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
        body: JSON.stringify({
          method: 'PUT',
          uploadUrl: `${origin}${path}?${query}`,
          expiresAt: new Date(now() + seconds * 1000).toISOString(),
          /** What `X-Amzn-SageMaker-InputLocation` is to say. */
          inputLocation,
        }),
      };
    },

    async readResult(subscription, inferenceId, credentials) {
      const job = await jobs.read(subscription.alias, inferenceId);
      if (!job || job.grantId !== subscription.grantId)
        throw refusal(
          'ResourceNotFoundException',
          'This alias has no asynchronous inference with this id in the last seven days.',
        );
      const { region } = subscription.endpoint;
      const output = await getObject(job.output, region, credentials);
      if (output)
        return {
          status: 200,
          headers: {
            'content-type': headerOf(output.rawHeaders, 'content-type') ?? 'application/octet-stream',
          },
          body: output.body,
        };
      const failure = job.failure && (await getObject(job.failure, region, credentials));
      if (failure)
        return errorAnswer(
          refusal('ModelError', failure.body.toString('utf8', 0, 4_096) || 'The model failed.'),
        );
      return {
        status: 202,
        headers: { 'content-type': 'application/json', 'retry-after': '2' },
        body: JSON.stringify({ InferenceId: inferenceId }),
      };
    },
  };
}

function s3Location(location: string): { bucket: string; key: string } {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  if (!bucket || !key) throw refusal('InternalFailure', 'A result lies at an address that is not in S3.');
  return { bucket, key };
}
