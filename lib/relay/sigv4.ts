/**
 * AWS Signature Version 4, as the IAM User Guide describes it ("Create a signed AWS API request"). Pure but for its
 * cache of derived keys: a key is good for one day, Region and service, and deriving it costs more than signing.
 */

import { createHmac, hash } from 'node:crypto';
import type { Credentials } from './credentials.ts';

export interface SignableRequest {
  readonly method: string;
  /** As it goes on the wire: percent-encoded once. */
  readonly path: string;
  /** As it goes on the wire, without the question mark. */
  readonly query?: string;
  /** Names in lower case, `host` among them. All are signed but those that intermediaries may change. */
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
  const { long, short } = datesOf(scope.now);
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': long };
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
  const payloadHash = hash('sha256', request.body ?? '', 'hex');
  // S3 alone wants the hash said as well.
  if (service === 's3') headers['x-amz-content-sha256'] = payloadHash;

  const { canonical, names } = canonicalHeaders(headers);
  const credentialScope = `${short}/${scope.region}/${service}/aws4_request`;
  const canonicalRequest = `${request.method}\n${canonicalPath(request.path, service)}\n${canonicalQuery(
    request.query,
  )}\n${canonical}\n${names}\n${payloadHash}`;
  const signature = signatureOf(canonicalRequest, long, credentialScope, scope, short);
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${credentialScope}, SignedHeaders=${names}, Signature=${signature}`;
  return headers;
}

/** The query string of a presigned URL. The body stays unsigned, as S3 asks of presigned URLs. */
export function presign(
  request: Omit<SignableRequest, 'body' | 'query'>,
  scope: SigningScope & { readonly expiresInSeconds: number },
): string {
  const { credentials } = scope;
  const { long, short } = datesOf(scope.now);
  const credentialScope = `${short}/${scope.region}/${scope.service}/aws4_request`;
  const { canonical, names } = canonicalHeaders(request.headers);
  const parameters: [string, string][] = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${credentialScope}`],
    ['X-Amz-Date', long],
    ['X-Amz-Expires', String(scope.expiresInSeconds)],
    ...(credentials.sessionToken === undefined
      ? []
      : [['X-Amz-Security-Token', credentials.sessionToken] as [string, string]]),
    ['X-Amz-SignedHeaders', names],
  ];
  const query = parameters.map(([name, value]) => `${name}=${percentEncode(value)}`).join('&');
  const canonicalRequest = `${request.method}\n${canonicalPath(request.path, scope.service)}\n${canonicalQuery(
    query,
  )}\n${canonical}\n${names}\nUNSIGNED-PAYLOAD`;
  return `${query}&X-Amz-Signature=${signatureOf(canonicalRequest, long, credentialScope, scope, short)}`;
}

/** RFC 3986: everything but the unreserved characters. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function signatureOf(
  canonicalRequest: string,
  long: string,
  credentialScope: string,
  scope: SigningScope,
  short: string,
): string {
  const stringToSign = `AWS4-HMAC-SHA256\n${long}\n${credentialScope}\n${hash('sha256', canonicalRequest, 'hex')}`;
  return createHmac('sha256', signingKey(scope, short)).update(stringToSign).digest('hex');
}

/** Proxies and clients may add or change these on the way, so a signature over them would not hold. */
const unsigned = new Set([
  'authorization',
  'cache-control',
  'connection',
  'expect',
  'from',
  'keep-alive',
  'max-forwards',
  'pragma',
  'referer',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-amzn-trace-id',
]);

function canonicalHeaders(headers: Readonly<Record<string, string>>): { canonical: string; names: string } {
  let canonical = '';
  let names = '';
  for (const name of Object.keys(headers).sort()) {
    if (unsigned.has(name)) continue;
    canonical += `${name}:${tidy(headers[name] as string)}\n`;
    names += names === '' ? name : `;${name}`;
  }
  return { canonical, names };
}

function tidy(value: string): string {
  return /^\s|\s$|[\r\n\t]| {2}/.test(value)
    ? value
        .replace(/[\r\n]/g, ' ')
        .replace(/[ \t]+/g, ' ')
        .replace(/^ | $/g, '')
    : value;
}

/** Every service but S3 normalizes the path and encodes what is encoded already a second time. */
function canonicalPath(path: string, service: string): string {
  if (service === 's3' || plainPath.test(path)) return path;
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(percentEncode(segment));
  }
  return `/${kept.join('/')}${kept.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

/** Nothing in it that normalizing or encoding would change. */
const plainPath = /^(\/|(\/[A-Za-z0-9_~-]+)+)$/;

function canonicalQuery(query: string | undefined): string {
  if (!query) return '';
  return query
    .split('&')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? `${part}=` : part;
    })
    .map((part) => {
      const at = part.indexOf('=');
      return [recode(part.slice(0, at)), recode(part.slice(at + 1))] as const;
    })
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** The wire may leave characters as they are that the canonical form encodes. */
function recode(part: string): string {
  return percentEncode(decodeURIComponent(part));
}

/** Keys of one credentials object live and die with it. */
const derivedKeys = new WeakMap<Credentials, Map<string, Buffer>>();
const derivedKeysMax = 20;

function signingKey({ credentials, region, service }: SigningScope, short: string): Buffer {
  const keys = derivedKeys.get(credentials) ?? new Map<string, Buffer>();
  if (keys.size === 0) derivedKeys.set(credentials, keys);
  const name = `${short}/${region}/${service}`;
  const known = keys.get(name);
  if (known) return known;
  const key = [short, region, service, 'aws4_request'].reduce<Buffer | string>(
    (parent, part) => createHmac('sha256', parent).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  ) as Buffer;
  if (keys.size >= derivedKeysMax) keys.clear();
  keys.set(name, key);
  return key;
}

/** Formatting a date costs a microsecond or two, and many requests share a second. */
let lastSecond = -1;
let lastDates = { long: '', short: '' };

function datesOf(now: number): { long: string; short: string } {
  const second = Math.floor(now / 1000);
  if (second !== lastSecond) {
    const text = new Date(second * 1000).toISOString();
    const long = `${text.slice(0, 4)}${text.slice(5, 7)}${text.slice(8, 13)}${text.slice(14, 16)}${text.slice(17, 19)}Z`;
    lastDates = { long, short: long.slice(0, 8) };
    lastSecond = second;
  }
  return lastDates;
}
