/** The canonical request of Signature Version 4, from AWS's "Create a signed AWS API request". Pure. */

import { createHash } from 'node:crypto';
import type { UnsignedRequest } from '../types.ts';

/** `signedHeaders` in the order the signer listed them, which must be alphabetical. */
export function canonicalRequest(
  request: Pick<UnsignedRequest, 'method' | 'path' | 'query' | 'headers'>,
  options: {
    readonly signedHeaders: readonly string[];
    readonly payloadHash: string;
    /** S3 encodes the path once and leaves `.`, `..` and `//` alone; every other service does the opposite. */
    readonly isS3: boolean;
  },
): string {
  const { signedHeaders, payloadHash, isS3 } = options;
  return [
    request.method,
    isS3 ? s3Path(request.path) : canonicalPath(request.path),
    canonicalQuery(request.query),
    ...signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name] ?? '')}`),
    '',
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

/** "Each path segment must be URI-encoded twice": what arrives is encoded once already. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encode(segment));
  }
  return `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

function s3Path(path: string): string {
  return path
    .split('/')
    .map((segment) => encode(decode(segment)))
    .join('/');
}

/** Repeated names are kept; a plus sign is a plus sign, not a space; the signature itself is left out. */
export function canonicalQuery(query: string): string {
  return parseQuery(query)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Names and values, percent-decoded. */
export function parseQuery(query: string): readonly (readonly [name: string, value: string])[] {
  if (query === '') return [];
  return query.split('&').map((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? [decode(pair), ''] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
  });
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** "Convert sequential spaces to a single space"; AWS's own signers take any white space for a space. */
function canonicalValue(value: string): string {
  return value.trim().replace(/\s+/g, ' ');
}

/** RFC 3986: everything but unreserved characters. encodeURIComponent spares five that are reserved. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A malformed percent sequence stands for itself; such a request will not match its signature. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** By code point, as the specification sorts; locale order would differ. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
