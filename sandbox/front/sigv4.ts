/** Signature Version 4: string to sign, key, signature ("Create a signed AWS API request"). Pure. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { UnsignedRequest } from '../types.ts';
import { canonicalRequest, sha256 } from './canonical.ts';

export const algorithm = 'AWS4-HMAC-SHA256';

export interface Scope {
  /** `20150830` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export interface SigningInput {
  readonly request: Pick<UnsignedRequest, 'method' | 'path' | 'query' | 'headers'>;
  readonly scope: Scope;
  /** `20150830T123600Z` */
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  /** Hex SHA-256 of the body, or a word such as `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
  readonly secretAccessKey: string;
}

/** In hex. */
export function signatureOf(input: SigningInput): string {
  const { request, scope, timestamp, signedHeaders, payloadHash, secretAccessKey } = input;
  const canonical = canonicalRequest(request, {
    signedHeaders,
    payloadHash,
    isS3: scope.service === 's3',
  });
  return hmac(
    signingKey(secretAccessKey, scope),
    stringToSign(algorithm, timestamp, scope, sha256(canonical)),
  ).toString('hex');
}

export function signingKey(secretAccessKey: string, { date, region, service }: Scope): Buffer {
  return [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretAccessKey}`, 'utf8'),
  );
}

export function stringToSign(what: string, timestamp: string, scope: Scope, ...lines: string[]): string {
  return [what, timestamp, `${scope.date}/${scope.region}/${scope.service}/aws4_request`, ...lines].join(
    '\n',
  );
}

export function hmac(key: Uint8Array, data: string): Buffer {
  return createHmac('sha256', key).update(data, 'utf8').digest();
}

/** In time that does not tell where two texts differ. */
export function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a, 'utf8');
  const right = Buffer.from(b, 'utf8');
  return left.length === right.length && timingSafeEqual(left, right);
}
