import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { posix } from 'node:path';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { presign, sign } from '../../../lib/relay/sigv4.ts';
import { canonicalQuery } from '../../../sandbox/front/canonical.ts';

describe('signatures', () => {
  const cases = Number(process.env['SIGNATURE_CASES'] ?? 10_000);
  it(`are the SDK's own over ${cases} random requests`, async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
    const at = new Date('2026-11-23T10:20:30Z');
    await fc.assert(
      fc.asyncProperty(anyRequest, async ({ method, path, query, headers, body, keys, region, service }) => {
        const request = {
          method,
          // The relay's own requests are of this form from the start.
          path: service === 's3' ? path : posix.normalize(path),
          query: canonicalQuery(queryString(query)),
          headers: { host: 'example.com', ...headers },
          body,
        };
        const ours = sign(request, { credentials: keys, region, service, now: at.getTime() });
        const theirs = await signer(keys, region, service).sign(
          new HttpRequest({
            method,
            hostname: 'example.com',
            path,
            query,
            headers: { host: 'example.com', ...headers },
            body,
          }),
          { signingDate: at },
        );
        return ours['authorization'] === theirs.headers['authorization'];
      }),
      { numRuns: cases, seed },
    );
  }, 120_000);

  it('of presigned URLs are the SDK’s own', async () => {
    const at = new Date('2026-11-23T10:20:30Z');
    const headers = { host: 'bucket.s3.us-east-1.amazonaws.com' };
    const path = '/grants/grt_1/in/a%20b%2Bc';
    const ours = presign(
      { method: 'PUT', path, headers },
      {
        credentials: sessionKeys,
        region: 'us-east-1',
        service: 's3',
        now: at.getTime(),
        expiresInSeconds: 900,
      },
    );
    const theirs = await signer(sessionKeys, 'us-east-1', 's3').presign(
      new HttpRequest({
        method: 'PUT',
        hostname: headers.host,
        path,
        headers: { ...headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      }),
      {
        signingDate: at,
        expiresIn: 900,
        unhoistableHeaders: new Set(['x-amz-content-sha256']),
        unsignableHeaders: new Set(['x-amz-content-sha256']),
      },
    );
    expect(new URLSearchParams(ours).get('X-Amz-Signature')).toBe(theirs.query?.['X-Amz-Signature']);
  });
});

const sessionKeys = { accessKeyId: 'ASIAX', secretAccessKey: 'secret', sessionToken: 'tok/en+==' };

class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(key?: string | Uint8Array) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key as Uint8Array);
  }
  update(data: string | Uint8Array) {
    this.#hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
  reset() {
    throw new Error('not used');
  }
}

function signer(
  credentials: typeof sessionKeys | { accessKeyId: string; secretAccessKey: string },
  region: string,
  service: string,
) {
  return new SignatureV4({
    credentials,
    region,
    service,
    sha256: Sha256 as never,
    uriEscapePath: service !== 's3',
    applyChecksum: service === 's3',
  });
}

function queryString(query: Record<string, string | string[]>): string {
  return Object.entries(query)
    .flatMap(([name, values]) =>
      [values].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
    )
    .join('&');
}

const word = fc.stringMatching(/^[A-Za-z0-9_~-]{1,12}$/);
const headerValue = fc.stringMatching(/^[ -~]{0,40}$/);
const segment = fc.oneof(
  word,
  fc
    .string({ minLength: 1, maxLength: 8 })
    .filter((text) => text.isWellFormed())
    .map(encodeURIComponent),
  fc.constantFrom('.', '..', ''),
);
const anyRequest = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`),
  query: fc.dictionary(
    fc
      .string({ minLength: 1, maxLength: 6 })
      .filter((name) => name.isWellFormed() && !/^x-amz/i.test(name) && name !== '__proto__'),
    fc.string({ maxLength: 8 }).filter((text) => text.isWellFormed()),
    { maxKeys: 4 },
  ),
  headers: fc.dictionary(
    fc.oneof(
      word.map((name) => `x-${name.toLowerCase()}`),
      fc.constantFrom('content-type', 'accept', 'x-amz-target'),
    ),
    headerValue,
    { maxKeys: 5 },
  ),
  body: fc.oneof(
    fc.string({ maxLength: 40 }).filter((text) => text.isWellFormed()),
    fc.uint8Array({ maxLength: 40 }),
  ),
  keys: fc.oneof(
    fc.constant(sessionKeys),
    fc.record({
      accessKeyId: word,
      secretAccessKey: fc.string({ minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed()),
    }),
  ),
  region: fc.constantFrom('us-east-1', 'eu-central-1', 'cn-north-1'),
  service: fc.constantFrom('sagemaker', 'sts', 'dynamodb', 'execute-api', 's3'),
});
