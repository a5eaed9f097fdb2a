/**
 * AWS Signature Version 4, as the IAM User Guide describes it ("Create a signed AWS API request"). Pure but for its
 * cache of derived keys: a key is good for one day, Region and service, and deriving it costs more than signing.
 */

import type { KeyObject } from 'node:crypto';
import type { Credentials } from './credentials.ts';
import { remembered } from './remembered.ts';

const { createHmac, createSecretKey, hash } = process.getBuiltinModule('node:crypto');

export interface SignableRequest {
  readonly method: string;
  /** As it goes on the wire: percent-encoded once, and without segments that are empty or dots, but for S3. */
  readonly path: string;
  /** Without the question mark, and in canonical form: sorted, and encoded as `percentEncode` does. */
  readonly query?: string;
  /** Names in lower case, `host` among them. All are signed, so none may be one that intermediaries change. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface SigningScope {
  readonly credentials: Credentials;
  readonly region: string;
  /** The signing name: `sagemaker`, `sts`, `dynamodb`, `s3`, `execute-api`. */
  readonly service: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The headers that make the request a signed one: the given ones and `x-amz-date`, `x-amz-security-token`, `authorization`. */
export function sign(request: SignableRequest, scope: SigningScope): Record<string, string> {
  const { credentials, service } = scope;
  const stamp = stampOf(scope);
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': stamp.date };
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
  const payloadHash = hash('sha256', request.body ?? '', 'hex');
  // S3 alone wants the hash said as well.
  if (service === 's3') headers['x-amz-content-sha256'] = payloadHash;
  const canonical = canonicalHeaders(headers);
  const signature = signatureOf({ ...request, payloadHash }, canonical, stamp, scope);
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${stamp.credential}, SignedHeaders=${canonical.names}, Signature=${signature}`;
  return headers;
}

/** The query string of a presigned URL. The body stays unsigned, as S3 asks of presigned URLs. */
export function presign(
  request: Omit<SignableRequest, 'body' | 'query'>,
  scope: SigningScope & { readonly expiresInSeconds: number },
): string {
  const { sessionToken } = scope.credentials;
  const stamp = stampOf(scope);
  const canonical = canonicalHeaders(request.headers);
  const query = Object.entries({
    Algorithm: 'AWS4-HMAC-SHA256',
    Credential: stamp.credential,
    Date: stamp.date,
    Expires: String(scope.expiresInSeconds),
    ...(sessionToken !== undefined && { 'Security-Token': sessionToken }),
    SignedHeaders: canonical.names,
  })
    .map(([name, value]) => `X-Amz-${name}=${percentEncode(value)}`)
    .join('&');
  const payloadHash = 'UNSIGNED-PAYLOAD';
  return `${query}&X-Amz-Signature=${signatureOf({ ...request, query, payloadHash }, canonical, stamp, scope)}`;
}

/** RFC 3986: everything but the unreserved characters. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

interface Stamp {
  /** `20261123T102030Z` */
  readonly date: string;
  readonly day: string;
  /** Access key id and credential scope. */
  readonly credential: string;
  readonly scope: string;
}

function stampOf({ credentials, region, service, now }: SigningScope): Stamp {
  const date = dateOf(now);
  const day = date.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  return { date, day, scope, credential: `${credentials.accessKeyId}/${scope}` };
}

function signatureOf(
  request: Omit<SignableRequest, 'headers' | 'body'> & { readonly payloadHash: string },
  headers: { readonly canonical: string; readonly names: string },
  stamp: Stamp,
  scope: SigningScope,
): string {
  const path = canonicalPath(request.path, scope.service);
  const { method, query = '', payloadHash } = request;
  const canonicalRequest = `${method}\n${path}\n${query}\n${headers.canonical}\n${headers.names}\n${payloadHash}`;
  const stringToSign = `AWS4-HMAC-SHA256\n${stamp.date}\n${stamp.scope}\n${hash('sha256', canonicalRequest, 'hex')}`;
  return createHmac('sha256', signingKey(scope, stamp)).update(stringToSign).digest('hex');
}

function canonicalHeaders(headers: Readonly<Record<string, string>>): { canonical: string; names: string } {
  let canonical = '';
  let names = '';
  for (const name of Object.keys(headers).sort()) {
    canonical += `${name}:${(headers[name] as string).trim().replace(/\s+/g, ' ')}\n`;
    names += names === '' ? name : `;${name}`;
  }
  return { canonical, names };
}

/** Every service but S3 encodes what is encoded already a second time. */
function canonicalPath(path: string, service: string): string {
  return service === 's3' || plainPath.test(path) ? path : path.split('/').map(percentEncode).join('/');
}

/** Nothing in it that encoding would change. */
const plainPath = /^[/\w~.-]*$/;

/**
 * Keys of one credentials object live and die with it, a few for each day. As key objects: createHmac() would make one of
 * bytes each time, which costs seven times as much as the signature itself.
 */
const derivedKeys = new WeakMap<Credentials, Map<string, KeyObject>>();

function signingKey({ credentials, region, service }: SigningScope, { day, scope }: Stamp): KeyObject {
  const keys = derivedKeys.get(credentials) ?? new Map<string, KeyObject>();
  if (keys.size === 0) derivedKeys.set(credentials, keys);
  return remembered(keys, scope, () => {
    const bytes = [day, region, service, 'aws4_request'].reduce<Buffer | string>(
      (parent, part) => createHmac('sha256', parent).update(part).digest(),
      `AWS4${credentials.secretAccessKey}`,
    );
    return createSecretKey(bytes as Buffer);
  });
}

/** Formatting a date costs a microsecond or two, and many requests share a second. */
let lastSecond = -1;
let lastDate = '';

function dateOf(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastDate = new Date(second * 1000).toISOString().replace(/[-:]|\.000/g, '');
  }
  return lastDate;
}
