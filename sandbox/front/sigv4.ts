/** Signature Version 4: string to sign, key, signature ("Create a signed AWS API request"). Pure but for a cache. */

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
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

/** A day's key is asked for by every request, and deriving it costs more than the rest of a signature. */
const derivedKeys = new Map<string, KeyObject>();
const derivedKeysMax = 1_000;

export function signingKey(secretAccessKey: string, { date, region, service }: Scope): KeyObject {
  const name = JSON.stringify([secretAccessKey, date, region, service]);
  const known = derivedKeys.get(name);
  if (known) return known;
  const bytes = [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretAccessKey}`, 'utf8'),
  );
  // As a key object: createHmac() would make one of bytes each time.
  const key = createSecretKey(bytes);
  if (derivedKeys.size >= derivedKeysMax) derivedKeys.clear();
  derivedKeys.set(name, key);
  return key;
}

export function stringToSign(what: string, timestamp: string, scope: Scope, ...lines: string[]): string {
  return [what, timestamp, `${scope.date}/${scope.region}/${scope.service}/aws4_request`, ...lines].join(
    '\n',
  );
}

export function hmac(key: Uint8Array | KeyObject, data: string): Buffer {
  return createHmac('sha256', key).update(data, 'utf8').digest();
}

/** In time that does not tell where two texts differ. */
export function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a, 'utf8');
  const right = Buffer.from(b, 'utf8');
  return left.length === right.length && timingSafeEqual(left, right);
}
