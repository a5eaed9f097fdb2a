/** Reads an offer from the parent's get-offer, and only from addresses offers may come from (no request goes anywhere else). */

import { offerUrlPattern, regionOfApi } from '../contract/offer-url.ts';
import type { Credentials } from './credentials.ts';
import { type Http, HttpFailure } from './http.ts';
import { exchangeSigned } from './signed-exchange.ts';

/**
 * The offer as parsed JSON, unchecked; or why there is none: the URL is not allowed, no whole answer came, an answer
 * other than 200 or not in JSON.
 */
export type OfferReading =
  | { readonly offer: unknown }
  | { readonly refusal: 'not-allowed' | 'unreachable' | 'not-json' }
  | { readonly refusal: 'refused'; readonly status: number };

export type ReadOffer = (offerUrl: string) => Promise<OfferReading>;

const offerBytesMax = 65_536;
const timeoutMs = 5_000;

export function createOfferSource(options: {
  readonly http: Http;
  /** `OFFER_ORIGINS`: comma separated origins, `*` standing for one label or a port. */
  readonly allowedOrigins: string;
  readonly credentials: Credentials;
  /** Where the URL itself does not tell. */
  readonly region: string;
  readonly now: () => number;
}): ReadOffer {
  const isAllowed = mayBeOffered(options.allowedOrigins);
  return async (offerUrl) => {
    const url = URL.canParse(offerUrl) ? new URL(offerUrl) : undefined;
    if (!url || !isAllowed(url)) return { refusal: 'not-allowed' };
    try {
      const answer = await exchangeSigned(
        options.http,
        { method: 'GET', url, timeoutMs, bytesMax: offerBytesMax },
        {
          credentials: options.credentials,
          region: regionOfApi(url.href) ?? options.region,
          service: 'execute-api',
          now: options.now(),
        },
      );
      if (answer.status !== 200) return { refusal: 'refused', status: answer.status };
      return { offer: JSON.parse(String(answer.body)) };
    } catch (error) {
      return { refusal: error instanceof HttpFailure ? 'unreachable' : 'not-json' };
    }
  };
}

/**
 * Whether an offer may be read at a URL: its origin matches one of the patterns, and it is that of a get-offer, with
 * nothing behind it. The request is signed with the function's own role, which other APIs of its account may trust. A URL
 * with a user name or password never matches.
 */
export function mayBeOffered(patterns: string): (url: URL) => boolean {
  const expressions = (patterns.match(/[^\s,]+/g) ?? []).map((pattern) => {
    const literal = pattern.replace(/\/+$/, '').replace(/[.+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${literal.replaceAll('*', '[A-Za-z0-9-]+')}$`, 'i');
  });
  return ({ href, origin, pathname }) =>
    href === origin + pathname &&
    offerUrlPattern.test(href) &&
    expressions.some((expression) => expression.test(origin));
}
