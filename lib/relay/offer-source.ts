/** Reads an offer from the parent's get-offer, and only from addresses offers may come from (no request goes anywhere else). */

import type { Credentials } from './credentials.ts';
import { exchange, type Http, HttpFailure } from './http.ts';
import { sign } from './sigv4.ts';

/** The offer as parsed JSON, unchecked; or why there is none. */
export type OfferReading =
  | { readonly offer: unknown }
  | { readonly refusal: 'not-allowed' | 'unreachable' | 'refused' | 'not-json'; readonly detail: string };

export type ReadOffer = (offerUrl: string, timeoutMs?: number) => Promise<OfferReading>;

const offerBytesMax = 65_536;
const timeoutMsMax = 5_000;

export function createOfferSource(options: {
  readonly http: Http;
  /** `OFFER_ORIGINS`: comma separated origins, `*` standing for one label or a port. */
  readonly allowedOrigins: string;
  readonly credentials: () => Credentials;
  /** Where the URL itself does not tell. */
  readonly region: string;
  readonly now: () => number;
}): ReadOffer {
  const isAllowed = originFilter(options.allowedOrigins);
  return async (offerUrl, timeoutMs = timeoutMsMax) => {
    const url = URL.canParse(offerUrl) ? new URL(offerUrl) : undefined;
    if (!url || !isAllowed(url))
      return { refusal: 'not-allowed', detail: 'The offer URL does not match OFFER_ORIGINS.' };
    const request = {
      method: 'GET',
      path: url.pathname,
      query: url.search.slice(1),
      headers: { host: url.host, accept: 'application/json' },
    };
    try {
      const answer = await exchange(options.http, {
        origin: url.origin,
        method: 'GET',
        path: url.pathname + url.search,
        headers: sign(request, {
          credentials: options.credentials(),
          region: regionOf(url) ?? options.region,
          service: 'execute-api',
          now: options.now(),
        }),
        timeoutMs: Math.min(timeoutMsMax, timeoutMs),
        bytesMax: offerBytesMax,
      });
      if (answer.status !== 200)
        return { refusal: 'refused', detail: `The offer URL answered with status ${answer.status}.` };
      return { offer: JSON.parse(answer.body.toString('utf8')) };
    } catch (error) {
      if (error instanceof HttpFailure) return { refusal: 'unreachable', detail: unreachable[error.kind] };
      return { refusal: 'not-json', detail: 'The offer URL did not answer with JSON.' };
    }
  };
}

const unreachable: Readonly<Record<HttpFailure['kind'], string>> = {
  unreachable: 'No connection to the offer URL could be made.',
  broken: 'The connection to the offer URL broke.',
  timeout: `The offer URL did not answer within ${timeoutMsMax / 1000} seconds.`,
  gone: 'The caller has gone.',
  'too-large': `The offer URL answered with more than ${offerBytesMax} bytes.`,
};

/** Whether a URL's origin matches one of the patterns. A URL with a user name or password never does. */
export function originFilter(patterns: string): (url: URL) => boolean {
  const expressions = patterns
    .split(',')
    .map((pattern) => pattern.trim().replace(/\/+$/, ''))
    .filter((pattern) => pattern !== '')
    .map((pattern) => {
      const literal = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
      return new RegExp(`^${literal.replace(/\*/g, '[A-Za-z0-9-]+')}$`, 'i');
    });
  return (url) =>
    url.username === '' &&
    url.password === '' &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    expressions.some((expression) => expression.test(url.origin));
}

function regionOf(url: URL): string | undefined {
  return /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(url.hostname)?.[1];
}
