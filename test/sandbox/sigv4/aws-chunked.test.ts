import { describe, expect, it } from 'vitest';
import { decodeChunks } from '../../../sandbox/front/aws-chunked.ts';
import { sha256 } from '../../../sandbox/front/canonical.ts';
import { hmac, signingKey, stringToSign } from '../../../sandbox/front/sigv4.ts';

const scope = { date: '20270101', region: 'us-east-1', service: 's3' };
const timestamp = '20270101T000000Z';
const key = signingKey('a-secret', scope);
const seedSignature = 'f'.repeat(64);

function decode(text: string, payload: Parameters<typeof decodeChunks>[1]['payload']): string | undefined {
  return decodeChunks(Buffer.from(text), { payload, seedSignature, key, scope, timestamp })?.toString();
}

function sign(what: string, previous: string, ...hashes: string[]): string {
  return hmac(key, stringToSign(what, timestamp, scope, previous, ...hashes)).toString('hex');
}

describe('a body in aws-chunked encoding', () => {
  it('that is not signed comes out without its sizes and its trailer', () => {
    const text = '5\r\nhello\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n';
    expect(decode(text, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')).toBe('hello!');
    expect(decode('0\r\n\r\n', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')).toBe('');
  });

  it.each([
    ['has a size that is none', 'x\r\nhello\r\n0\r\n\r\n'],
    ['is shorter than it says', 'ff\r\nhello\r\n0\r\n\r\n'],
    ['is longer than it says', '4\r\nhello\r\n0\r\n\r\n'],
    ['never ends', '5\r\nhello\r\n'],
    ['is empty', ''],
  ])('that %s is refused', (_title, text) => {
    expect(decode(text, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')).toBeUndefined();
  });

  it('with a signed trailer is refused when the trailer was changed', () => {
    const empty = sha256('');
    const first = sign('AWS4-HMAC-SHA256-PAYLOAD', seedSignature, empty, sha256('hello'));
    const last = sign('AWS4-HMAC-SHA256-PAYLOAD', first, empty, empty);
    const trailer = sign('AWS4-HMAC-SHA256-TRAILER', last, sha256('x-amz-checksum-crc32:AAAAAA==\n'));
    const text = `5;chunk-signature=${first}\r\nhello\r\n0;chunk-signature=${last}\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:${trailer}\r\n\r\n`;
    const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
    expect(decode(text, payload)).toBe('hello');
    expect(decode(text.replace('AAAAAA', 'BBBBBB'), payload)).toBeUndefined();
    expect(decode(text.replace(/x-amz-trailer-signature.*\r\n/, ''), payload)).toBeUndefined();
  });
});
