/**
 * Brokered asynchronous inference: the child uploads into and reads from the grant's own prefix of the parent's
 * bucket, with nothing but the share role's session, so that it needs no S3 rights of its own.
 */

import type { AsyncJobs } from './async-jobs.ts';
import { type Environment, serviceUrl } from './aws-endpoints.ts';
import type { Incoming } from './connection.ts';
import type { SessionCredentials } from './credentials.ts';
import { type JsonAnswer, jsonAnswer, refusal } from './errors.ts';
import { type Http, type HttpResponse, headerOf, readAll } from './http.ts';
import { resultBytesMax } from './limits.ts';
import { mayBeStaleAccess } from './retry.ts';
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

/** The session to use; not the one that was refused, where another may be taken. */
export type TakeSession = (refused?: SessionCredentials) => Promise<SessionCredentials>;

export interface AsyncBroker {
  /** 201 and where to PUT the input. Throws Refusal when the grant brokers no input, and what `session` throws. */
  offerUpload(subscription: SubscriptionRecord, session: TakeSession): Promise<JsonAnswer>;
  /**
   * The model's answer, or 202 while there is none. Throws Refusal: there is no such inference, its result is not for
   * the relay to read or too large, or the model failed. Throws HttpFailure, and what `jobs` and `session` throw.
   */
  readResult(
    subscription: SubscriptionRecord,
    inferenceId: string,
    session: TakeSession,
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
        throw refusal('ValidationError', 'An inference id has 1 to 64 characters, percent-encoded.');
      const job = await jobs.read(alias, inferenceId);
      if (!job || job.grantId !== grantId)
        throw refusal(
          'ResourceNotFoundException',
          'This alias began no such inference in the last seven days.',
        );
      const { output, failure, giveUpAt } = job;
      if (!isUnder(async?.outputPrefix, output))
        throw refusal(
          'ValidationError',
          `Grant ${grantId} brokers no results from there. Read its OutputLocation, ${output}.`,
        );
      const { region } = endpoint;
      /**
       * Undefined: not there, or not ours to see; S3 says AccessDenied for both to who may not list the bucket. What else
       * it says of a session (S3, "Error responses") is no news of the object, and another session is tried once.
       */
      const find = async (location: string, refused?: SessionCredentials): Promise<Found | undefined> => {
        const credentials = await session(refused);
        const request = { method: 'GET', url: urlOf(location, region), timeoutMs: s3TimeoutMs };
        const answer = await openSigned(http, request, scopeOf(region, credentials));
        if (answer.status === 200) return { ...answer, credentials };
        const code = `${element(await textOf(answer.stream), 'Code') ?? answer.status}`;
        if (/^(NoSuchKey|AccessDenied|40[34])$/.test(code)) return undefined;
        if (!refused && mayBeStaleAccess(code)) return find(location, credentials);
        throw refusal('ServiceUnavailable', `S3 answered ${code}.`);
      };
      const found = await find(output);
      if (found) {
        const { rawHeaders, stream, credentials } = found;
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
          `The result has ${bytes} bytes; the relay carries at most ${resultBytesMax}. Until ${expiresAt} it is where the header location says.`,
          { headers: { location: url, 'cache-control': 'no-store' } },
        );
      }
      const failed = isUnder(async?.failurePrefix, failure) && (await find(failure));
      if (failed)
        throw refusal('ModelError', (await textOf(failed.stream)).slice(0, 4_096) || 'The model failed.');
      if (now() < giveUpAt) return jsonAnswer(202, { InferenceId: inferenceId }, { 'retry-after': '2' });
      throw refusal(
        'ModelError',
        `No result will come at ${output}: the model failed or was too slow, or the share role may not read it.`,
      );
    },
  };
}

interface Found extends Omit<HttpResponse, 'status'> {
  /** With which it was found. */
  readonly credentials: SessionCredentials;
}

/** A segment of dots would lead out of the prefix as soon as the location becomes a URL (WHATWG URL, "path state"). */
function isUnder(prefix: string | undefined, location: string | undefined): location is string {
  return prefix !== undefined && !!location?.startsWith(prefix) && !/\/(\.|%2e){1,2}(\/|$)/i.test(location);
}

async function textOf(stream: Incoming): Promise<string> {
  return String(await readAll(stream, { bytesMax: textBytesMax, timeoutMs: s3TimeoutMs }));
}
