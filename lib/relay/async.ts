/**
 * Brokered asynchronous inference: the child uploads into and reads from the grant's own prefix of the parent's
 * bucket, with nothing but the share role's session, so that it needs no S3 rights of its own.
 */

import type { AsyncJobs } from './async-jobs.ts';
import { type Environment, serviceUrl } from './aws-endpoints.ts';
import type { Incoming } from './connection.ts';
import type { SessionCredentials } from './credentials.ts';
import { type JsonAnswer, jsonAnswer, refusal } from './errors.ts';
import { type Http, headerOf, readAll } from './http.ts';
import { resultBytesMax } from './limits.ts';
import { openSigned } from './signed-exchange.ts';
import { percentEncode, presign } from './sigv4.ts';
import type { SubscriptionRecord } from './subscription.ts';
import { element } from './xml.ts';

export interface BrokerAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** Bytes, or what is still to be read. */
  readonly body: string | Incoming;
}

export interface AsyncBroker {
  /** 201 and where to PUT the input. Throws Refusal when the grant brokers no input, and what `session` throws. */
  offerUpload(
    subscription: SubscriptionRecord,
    session: () => Promise<SessionCredentials>,
  ): Promise<JsonAnswer>;
  /**
   * The model's answer, or 202 while there is none. Throws Refusal: there is no such inference, its result is not for
   * the relay to read or too large, or the model failed. Throws HttpFailure, and what `jobs` and `session` throw.
   */
  readResult(
    subscription: SubscriptionRecord,
    inferenceId: string,
    session: () => Promise<SessionCredentials>,
  ): Promise<BrokerAnswer>;
}

const presignedSecondsMax = 900;
const s3TimeoutMs = 20_000;
const textBytesMax = 1_048_576;

export function createAsyncBroker(options: {
  readonly http: Http;
  readonly environment: Environment;
  readonly jobs: AsyncJobs;
  readonly now: () => number;
  readonly newId: () => string;
}): AsyncBroker {
  const { http, environment, jobs, now, newId } = options;

  const urlOf = (location: string, region: string): URL => {
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
    const { url, isCustom } = serviceUrl('s3', region, environment);
    const base = isCustom ? `${url}/${bucket}` : url.replace('//', `//${bucket}.`);
    return new URL(`${base}/${key.split('/').map(percentEncode).join('/')}`);
  };

  const scopeOf = (region: string, credentials: SessionCredentials) => ({
    credentials,
    region,
    service: 's3',
    now: now(),
  });

  /** An address for one request to one object. It dies with the session that signed it. */
  const presigned = (method: string, location: string, region: string, credentials: SessionCredentials) => {
    const { origin, host, pathname: path } = urlOf(location, region);
    const sessionSeconds = Math.floor((credentials.expiresAt - now()) / 1000);
    const expiresInSeconds = Math.max(1, Math.min(presignedSecondsMax, sessionSeconds));
    const query = presign(
      { method, path, headers: { host } },
      { ...scopeOf(region, credentials), expiresInSeconds },
    );
    return {
      url: `${origin}${path}?${query}`,
      expiresAt: new Date(now() + expiresInSeconds * 1000).toISOString(),
    };
  };

  /** Undefined: not there, or not ours to see; S3 says 403 for both to who may not list the bucket. */
  const find = async (location: string, region: string, credentials: SessionCredentials) => {
    const request = { method: 'GET', url: urlOf(location, region), timeoutMs: s3TimeoutMs };
    const { status, rawHeaders, stream } = await openSigned(http, request, scopeOf(region, credentials));
    if (status === 200) return { rawHeaders, stream };
    const said = await textOf(stream);
    if (status === 404 || status === 403) return undefined;
    throw refusal('ServiceUnavailable', `S3 answered ${element(said, 'Code') ?? status}.`);
  };

  return {
    async offerUpload({ async, endpoint, grantId }, session) {
      if (!async)
        throw refusal(
          'ValidationError',
          `Grant ${grantId} brokers no input. Send at most 128,000 bytes inline, or name an InputLocation.`,
        );
      /** What `X-Amzn-SageMaker-InputLocation` is to say. */
      const inputLocation = `${async.inputPrefix}${newId()}`;
      const { url: uploadUrl, expiresAt } = presigned('PUT', inputLocation, endpoint.region, await session());
      return jsonAnswer(
        201,
        { method: 'PUT', uploadUrl, expiresAt, inputLocation },
        { 'cache-control': 'no-store' },
      );
    },

    async readResult({ alias, grantId, endpoint, async }, inferenceId, session) {
      if (!inferenceId || inferenceId.length > 64)
        throw refusal(
          'ValidationError',
          'An inference id has 1 to 64 characters, percent-encoded in the path.',
        );
      const job = await jobs.read(alias, inferenceId);
      if (!job || job.grantId !== grantId)
        throw refusal(
          'ResourceNotFoundException',
          'This alias began no such inference in the last seven days.',
        );
      const { output, failure, giveUpAt } = job;
      if (!async || !output.startsWith(async.outputPrefix))
        throw refusal(
          'ValidationError',
          `Grant ${grantId} brokers no results from there. Read this one from its OutputLocation, ${output}.`,
        );
      const credentials = await session();
      const { region } = endpoint;
      const found = await find(output, region, credentials);
      if (found) {
        const { rawHeaders, stream } = found;
        const bytes = Number(headerOf(rawHeaders, 'content-length'));
        if (!(bytes > resultBytesMax))
          return {
            status: 200,
            headers: { 'content-type': headerOf(rawHeaders, 'content-type') ?? 'application/octet-stream' },
            body: stream,
          };
        stream.cut();
        const { url, expiresAt } = presigned('GET', output, region, credentials);
        throw refusal(
          'PayloadTooLargeException',
          `The result has ${bytes} bytes; the relay carries at most ${resultBytesMax}. Until ${expiresAt} it is at the address in the header location.`,
          { headers: { location: url, 'cache-control': 'no-store' } },
        );
      }
      const isReadable = failure && async.failurePrefix && failure.startsWith(async.failurePrefix);
      const failed = isReadable && (await find(failure, region, credentials));
      if (failed)
        throw refusal('ModelError', (await textOf(failed.stream)).slice(0, 4_096) || 'The model failed.');
      if (now() < giveUpAt) return jsonAnswer(202, { InferenceId: inferenceId }, { 'retry-after': '2' });
      throw refusal(
        'ModelError',
        `No result can be read at ${output}, and none will come: the model failed or was too slow, or the share role may not read it.`,
      );
    },
  };
}

async function textOf(stream: Incoming): Promise<string> {
  return String(await readAll(stream, { bytesMax: textBytesMax, timeoutMs: s3TimeoutMs }));
}
