/** One call to SageMaker's runtime, sent once. */

import type { Mode } from '../contract/fields.ts';
import { type Environment, serviceUrl } from './aws-endpoints.ts';
import type { Incoming } from './connection.ts';
import type { Credentials } from './credentials.ts';
import { errorCodeOf } from './errors.ts';
import { type Departure, type Http, readAll } from './http.ts';
import { answerBytesMax } from './limits.ts';
import { remembered } from './remembered.ts';
import { openSigned } from './signed-exchange.ts';
import { operationPath } from './wire.ts';

export interface RuntimeCall {
  readonly mode: Mode;
  readonly endpoint: { readonly name: string; readonly region: string };
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly credentials: Credentials;
  readonly timeoutMs: number;
  readonly departure?: Departure | undefined;
}

/** The answer as it came. A stream that began is still to be read; every other body is whole. */
export type RuntimeAnswer = {
  readonly status: number;
  readonly rawHeaders: readonly string[];
} & (
  | { readonly kind: 'answer'; readonly body: Buffer }
  | { readonly kind: 'stream'; readonly stream: Incoming }
  | { readonly kind: 'error'; readonly body: Buffer; readonly errorCode: string }
);

/** Throws HttpFailure. */
export type CallRuntime = (call: RuntimeCall) => Promise<RuntimeAnswer>;

export function createRuntime(options: {
  readonly http: Http;
  readonly environment: Environment;
  readonly now: () => number;
}): CallRuntime {
  const { http, environment, now } = options;
  const urls = new Map<string, { origin: string; host: string; path: string }>();
  const urlOf = (region: string) =>
    remembered(urls, region, () => {
      const { origin, host, pathname } = new URL(serviceUrl('sagemaker-runtime', region, environment).url);
      return { origin, host, path: pathname === '/' ? '' : pathname };
    });

  return async ({ mode, endpoint, headers, body, credentials, timeoutMs, departure }) => {
    const { name, region } = endpoint;
    const startedAt = now();
    const { origin, host, path } = urlOf(region);
    const pathname = `${path}/endpoints/${name}/${operationPath[mode]}`;
    const { status, rawHeaders, stream } = await openSigned(
      http,
      { method: 'POST', url: { origin, host, pathname }, headers, body, timeoutMs, departure },
      { credentials, region, service: 'sagemaker', now: startedAt },
    );
    const isGood = status >= 200 && status < 300;
    if (isGood && mode === 'stream') return { kind: 'stream', status, rawHeaders, stream };
    const whole = await readAll(stream, {
      bytesMax: answerBytesMax,
      timeoutMs: Math.max(1, timeoutMs - (now() - startedAt)),
      departure,
    });
    const answer = { status, rawHeaders, body: whole };
    return isGood
      ? { kind: 'answer', ...answer }
      : { kind: 'error', ...answer, errorCode: errorCodeOf(status, rawHeaders, whole) };
  };
}
