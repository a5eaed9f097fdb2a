/** What a request says of its own signature, in a header or in its query. Pure; nothing is believed yet. */

import type { UnsignedRequest } from '../types.ts';
import { parseQuery } from './canonical.ts';
import { algorithm, type Scope } from './sigv4.ts';

export interface Authorization {
  readonly form: 'header' | 'query';
  readonly accessKeyId: string;
  readonly scope: Scope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20150830T123600Z` */
  readonly timestamp: string;
  readonly signedAt: number;
  /** Presigned requests only: seconds they are good for. */
  readonly expiresSeconds?: number;
  readonly sessionToken?: string;
}

/** `none`: no word of a signature. `malformed`: one that cannot be read; its scope's service may still be clear. */
export type AuthorizationReading =
  | { readonly kind: 'read'; readonly authorization: Authorization }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly message: string; readonly service?: string };

export function readAuthorization(request: UnsignedRequest): AuthorizationReading {
  const header = request.headers['authorization'];
  if (header !== undefined) return fromHeader(header, request);
  const query = new Map(parseQuery(request.query));
  return query.has('X-Amz-Algorithm') ? fromQuery(query) : { kind: 'none' };
}

function fromHeader(header: string, { headers }: UnsignedRequest): AuthorizationReading {
  const [scheme, rest = ''] = splitAt(header.trim(), ' ');
  if (scheme !== algorithm) return malformed(`Unsupported authorization type. Expected ${algorithm}.`);
  const parts = new Map(rest.split(',').map((part) => splitAt(part.trim(), '=')));
  const missing = ['Credential', 'SignedHeaders', 'Signature'].filter((name) => !parts.get(name));
  if (missing.length > 0)
    return malformed(
      missing.map((name) => `Authorization header requires '${name}' parameter.`).join(' '),
      serviceOf(parts.get('Credential')),
    );
  return assemble({
    form: 'header',
    credential: parts.get('Credential') ?? '',
    signedHeaders: parts.get('SignedHeaders') ?? '',
    signature: parts.get('Signature') ?? '',
    timestamp: headers['x-amz-date'] ?? basicFormat(headers['date']),
    sessionToken: headers['x-amz-security-token'],
  });
}

function fromQuery(query: ReadonlyMap<string, string>): AuthorizationReading {
  const credential = query.get('X-Amz-Credential');
  if (query.get('X-Amz-Algorithm') !== algorithm)
    return malformed(`X-Amz-Algorithm only supports "${algorithm}".`, serviceOf(credential));
  const names = ['X-Amz-Credential', 'X-Amz-SignedHeaders', 'X-Amz-Signature', 'X-Amz-Date', 'X-Amz-Expires'];
  const missing = names.filter((name) => !query.get(name));
  if (missing.length > 0)
    return malformed(
      missing.map((name) => `AWS query-string parameters must include '${name}'.`).join(' '),
      serviceOf(credential),
    );
  const expires = query.get('X-Amz-Expires') ?? '';
  if (!/^\d{1,6}$/.test(expires) || Number(expires) < 1 || Number(expires) > expiresSecondsMax)
    return malformed(
      `X-Amz-Expires must be between 1 and ${expiresSecondsMax} seconds.`,
      serviceOf(credential),
    );
  return assemble({
    form: 'query',
    credential: credential ?? '',
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
    signature: query.get('X-Amz-Signature') ?? '',
    timestamp: query.get('X-Amz-Date'),
    sessionToken: query.get('X-Amz-Security-Token'),
    expiresSeconds: Number(expires),
  });
}

function assemble(raw: {
  readonly form: 'header' | 'query';
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly timestamp: string | undefined;
  readonly sessionToken: string | undefined;
  readonly expiresSeconds?: number;
}): AuthorizationReading {
  const { form, timestamp, sessionToken, expiresSeconds, signature } = raw;
  const [accessKeyId, date, region, service, terminator, ...rest] = raw.credential.split('/');
  if (!accessKeyId || !date || !region || !service || terminator !== 'aws4_request' || rest.length > 0)
    return malformed(
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.',
      service,
    );
  const signedAt = timestamp === undefined ? undefined : parseTimestamp(timestamp);
  if (timestamp === undefined || signedAt === undefined)
    return malformed(
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
      service,
    );
  if (!timestamp.startsWith(date))
    return malformed('Date in Credential scope does not match the date.', service);
  const signedHeaders = raw.signedHeaders.split(';');
  if (!signedHeaders.includes('host')) return malformed("'Host' must be a signed header.", service);
  if (signedHeaders.some((name) => name !== name.toLowerCase()))
    return malformed('SignedHeaders must be in lower case.', service);
  return {
    kind: 'read',
    authorization: {
      form,
      accessKeyId,
      scope: { date, region, service },
      signedHeaders,
      signature,
      timestamp,
      signedAt,
      ...(sessionToken !== undefined && { sessionToken }),
      ...(expiresSeconds !== undefined && { expiresSeconds }),
    },
  };
}

/** `20150830T123600Z` */
function parseTimestamp(timestamp: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** A `Date` header of RFC 9110 in the form that signatures use. */
function basicFormat(date: string | undefined): string | undefined {
  const time = Date.parse(date ?? '');
  if (Number.isNaN(time)) return undefined;
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function serviceOf(credential: string | undefined): string | undefined {
  return credential?.split('/')[3];
}

function malformed(message: string, service?: string): AuthorizationReading {
  return { kind: 'malformed', message, ...(service !== undefined && { service }) };
}

function splitAt(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** "The maximum value is 604800 seconds (seven days)". */
const expiresSecondsMax = 604_800;
