import type { Caller, Iam, UnsignedRequest } from '../types.ts';
import type { Authorization } from './authorization.ts';
import { type ChunkedPayload, decodeChunks, isChunkedPayload } from './aws-chunked.ts';
import { parseQuery, sha256 } from './canonical.ts';
import type { Refusal } from './refusals.ts';
import { isSame, signatureOf, signingKey } from './sigv4.ts';

export type Verdict =
  | { readonly isValid: true; readonly caller: Caller; readonly body: Buffer }
  | { readonly isValid: false; readonly refusal: Refusal };

/**
 * Who signed the request, if its signature holds. The body comes back without its `aws-chunked` encoding.
 *
 * `clocks` are the times the service may go by, in milliseconds, the sandbox's own first: a laptop signs with
 * the real time although the sandbox's clock was moved. Sessions end by the sandbox's alone.
 */
export function verify(
  request: UnsignedRequest,
  authorization: Authorization,
  options: { readonly findKey: Iam['findKey']; readonly clocks: readonly [number, ...number[]] },
): Verdict {
  const { findKey, clocks } = options;
  const key = findKey(authorization.accessKeyId);
  if (!key) return refuse('unknownKey');
  if (!isSame(key.sessionToken ?? '', authorization.sessionToken ?? '')) return refuse('badToken');
  const untimely = timeRefusal(authorization, clocks);
  if (untimely) return refuse(untimely);
  const payload = payloadOf(request, authorization);
  const signature = signatureOf({
    request,
    scope: authorization.scope,
    timestamp: authorization.timestamp,
    signedHeaders: authorization.signedHeaders,
    payloadHash: payload.declared,
    secretAccessKey: key.secretAccessKey,
  });
  if (!isSame(signature, authorization.signature)) return refuse('mismatch');
  // Only who holds the secret learns that the session has ended.
  if (key.expiresAt !== undefined && key.expiresAt <= clocks[0]) return refuse('expiredToken');
  if (payload.hash !== undefined && payload.hash !== payload.declared) return refuse('contentMismatch');
  if (!payload.chunked) return { isValid: true, caller: key.caller, body: request.body };
  const body = decodeChunks(request.body, {
    payload: payload.chunked,
    seedSignature: signature,
    key: signingKey(key.secretAccessKey, authorization.scope),
    scope: authorization.scope,
    timestamp: authorization.timestamp,
  });
  const declaredLength = request.headers['x-amz-decoded-content-length'];
  const isWhole = declaredLength === undefined || Number(declaredLength) === body?.length;
  return body && isWhole ? { isValid: true, caller: key.caller, body } : refuse('mismatch');
}

/** AWS takes requests whose time is within 15 minutes of its own; presigned ones until they expire. */
function timeRefusal(
  { signedAt, expiresSeconds }: Authorization,
  clocks: readonly number[],
): Refusal | undefined {
  const lifeMs = expiresSeconds === undefined ? skewMs : expiresSeconds * 1000;
  if (clocks.some((now) => signedAt <= now + skewMs && now <= signedAt + lifeMs)) return undefined;
  return expiresSeconds === undefined ? 'skewed' : 'presignExpired';
}

interface Payload {
  /** What stands in the canonical request. */
  readonly declared: string;
  /** The body's own hash, where it was declared apart and so has to be compared. */
  readonly hash?: string;
  readonly chunked?: ChunkedPayload;
}

/** Only S3 takes a body that the signature does not cover, or covers chunk by chunk. */
function payloadOf({ headers, query, body }: UnsignedRequest, { form, scope }: Authorization): Payload {
  const hash = sha256(body);
  if (scope.service !== 's3') return { declared: hash };
  const declared =
    headers['x-amz-content-sha256'] ??
    (form === 'query' ? new Map(parseQuery(query)).get('X-Amz-Content-Sha256') : undefined);
  if (form === 'query' && declared === undefined) return { declared: 'UNSIGNED-PAYLOAD' };
  if (declared === undefined) return { declared: hash };
  if (declared === 'UNSIGNED-PAYLOAD') return { declared };
  if (isChunkedPayload(declared)) return { declared, chunked: declared };
  return { declared, hash };
}

function refuse(refusal: Refusal): Verdict {
  return { isValid: false, refusal };
}

const skewMs = 15 * 60_000;
