/** A signed request, and where it is wanted at once, its whole answer. */

import { type Departure, type Http, type HttpResponse, readAll } from './http.ts';
import { type SigningScope, sign } from './sigv4.ts';

export interface SignedRequest {
  readonly method: string;
  /** Without a query. */
  readonly url: Readonly<Pick<URL, 'origin' | 'host' | 'pathname'>>;
  /** Names in lower case; `host` is added. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Until the answer's headers are there; of `exchangeSigned`, until the answer is whole. */
  readonly timeoutMs: number;
  readonly departure?: Departure | undefined;
}

/** Throws HttpFailure. */
export function openSigned(
  http: Http,
  { method, url, headers, body = '', timeoutMs, departure }: SignedRequest,
  scope: SigningScope,
): Promise<HttpResponse> {
  const { pathname: path, host, origin } = url;
  const signed = sign({ method, path, headers: { host, ...headers }, body }, scope);
  return http.open({ origin, method, path, headers: signed, body, timeoutMs, departure });
}

/** At most `bytesMax` of answer. Throws HttpFailure. */
export async function exchangeSigned(
  http: Http,
  request: SignedRequest & { readonly bytesMax: number },
  scope: SigningScope,
): Promise<{ status: number; body: Buffer }> {
  const { timeoutMs, bytesMax } = request;
  const deadline = performance.now() + timeoutMs;
  const { status, stream } = await openSigned(http, request, scope);
  const body = await readAll(stream, { bytesMax, timeoutMs: Math.max(1, deadline - performance.now()) });
  return { status, body };
}
