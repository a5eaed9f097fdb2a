/**
 * Bodies in `aws-chunked` encoding, which S3 takes (Amazon S3 API Reference, "Transferring Payload in Multiple
 * Chunks", "Including Trailing Headers"). Pure.
 */

import type { KeyObject } from 'node:crypto';
import { sha256 } from './canonical.ts';
import { hmac, isSame, type Scope, stringToSign } from './sigv4.ts';

export const chunkedPayloads = {
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { isSigned: false, hasTrailer: true },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { isSigned: true, hasTrailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { isSigned: true, hasTrailer: true },
} as const;

export type ChunkedPayload = keyof typeof chunkedPayloads;

export function isChunkedPayload(payloadHash: string | undefined): payloadHash is ChunkedPayload {
  return payloadHash !== undefined && Object.hasOwn(chunkedPayloads, payloadHash);
}

/** Undefined: not well formed, or a chunk does not bear the signature it must. */
export function decodeChunks(
  body: Buffer,
  options: {
    readonly payload: ChunkedPayload;
    /** Of the request's headers; each chunk's signature builds on the one before. */
    readonly seedSignature: string;
    readonly key: KeyObject;
    readonly scope: Scope;
    readonly timestamp: string;
  },
): Buffer | undefined {
  const { payload, key, scope, timestamp } = options;
  const { isSigned, hasTrailer } = chunkedPayloads[payload];
  const sign = (what: string, previous: string, ...hashes: string[]) =>
    hmac(key, stringToSign(what, timestamp, scope, previous, ...hashes)).toString('hex');
  const chunks: Buffer[] = [];
  let previous = options.seedSignature;
  let at = 0;
  for (;;) {
    const lineEnd = body.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const head = /^([0-9a-f]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(
      body.toString('latin1', at, lineEnd),
    );
    if (!head) return undefined;
    const start = lineEnd + 2;
    const end = start + Number.parseInt(head[1] ?? '', 16);
    if (end > body.length) return undefined;
    const chunk = body.subarray(start, end);
    if (isSigned) {
      const signature = sign('AWS4-HMAC-SHA256-PAYLOAD', previous, emptyHash, sha256(chunk));
      if (!isSame(signature, head[2] ?? '')) return undefined;
      previous = signature;
    }
    at = end;
    if (chunk.length === 0) break;
    if (body.toString('latin1', end, end + 2) !== '\r\n') return undefined;
    at = end + 2;
    chunks.push(chunk);
  }
  if (isSigned && hasTrailer) {
    const trailer = readTrailer(body.toString('latin1', at));
    const expected = sign('AWS4-HMAC-SHA256-TRAILER', previous, sha256(trailer.signedText));
    if (!isSame(expected, trailer.signature)) return undefined;
  }
  return Buffer.concat(chunks);
}

/** Names in lower case, values trimmed, a line feed after each; the signature's own line is not part of it. */
function readTrailer(text: string): { readonly signedText: string; readonly signature: string } {
  let signature = '';
  let signedText = '';
  for (const line of text.split('\r\n')) {
    const [name = '', value = ''] = /^([^:]+):(.*)$/.exec(line)?.slice(1) ?? [];
    if (name.toLowerCase() === 'x-amz-trailer-signature') signature = value.trim();
    else if (name !== '') signedText += `${name.toLowerCase()}:${value.trim()}\n`;
  }
  return { signedText, signature };
}

const emptyHash = sha256('');
