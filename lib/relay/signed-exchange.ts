/** A signed request whose whole answer is wanted. */

import { exchange, type Http } from './http.ts';
import { type SigningScope, sign } from './sigv4.ts';

export interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case; `host` is added. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly bytesMax: number;
}

/** Throws HttpFailure. */
export function exchangeSigned(
  http: Http,
  { method, url, headers, body = '', timeoutMs, bytesMax }: SignedRequest,
  scope: SigningScope,
): ReturnType<typeof exchange> {
  const { pathname: path, search, host, origin } = url;
  const request = { method, path, query: search.slice(1), headers: { host, ...headers }, body };
  const signed = sign(request, scope);
  return exchange(http, { origin, method, path: path + search, headers: signed, body, timeoutMs, bytesMax });
}
