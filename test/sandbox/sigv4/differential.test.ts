/** The verifier, written from AWS's documentation, against the signer of the AWS SDK: they must agree on every request. */

import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAuthorization } from '../../../sandbox/front/authorization.ts';
import { verify } from '../../../sandbox/front/verify.ts';
import type { KeyRecord, UnsignedRequest } from '../../../sandbox/types.ts';
import { Hash } from './sha256-hash.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const credentials = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'a-secret',
  sessionToken: 'a/token+with=all',
};
const now = Date.parse('2027-01-02T03:04:05Z');
const holder: KeyRecord = {
  ...credentials,
  expiresAt: now + 1,
  caller: {
    type: 'User',
    accountId: '111111111111',
    arn: 'arn:aws:iam::111111111111:user/a',
    principalArn: 'arn:aws:iam::111111111111:user/a',
    userId: 'AIDAEXAMPLE',
    accessKeyId: credentials.accessKeyId,
  },
};

const segment = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .map((text) => encodeURIComponent(text.toWellFormed()));
const anyRequest = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  segments: fc.array(fc.oneof(segment, fc.constantFrom('.', '..', '', 'a%2Fb', "it's(ok)*!")), {
    maxLength: 5,
  }),
  query: fc.dictionary(
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
      .filter((name) => name.isWellFormed() && !/^x-amz-/i.test(name) && name !== '__proto__'),
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 3 }),
    ),
    { maxKeys: 4 },
  ),
  header: fc.string({ unit: fc.constantFrom(...'ab  \t,;="c'), maxLength: 12 }),
  body: fc.string({ unit: 'grapheme', maxLength: 20 }),
  service: fc.constantFrom('iam', 'sagemaker', 'execute-api', 's3'),
  isPresigned: fc.boolean(),
});

async function sign({
  method,
  segments,
  query,
  header,
  body,
  service,
  isPresigned,
}: SignInput): Promise<UnsignedRequest> {
  const signer = new SignatureV4({
    credentials,
    region: 'eu-west-3',
    service,
    sha256: Hash,
    uriEscapePath: service !== 's3',
    applyChecksum: service === 's3',
  });
  const request = new HttpRequest({
    method,
    hostname: '127.0.0.1',
    protocol: 'http:',
    // The signer takes S3's path as it stands; it is for the S3 client to encode all that RFC 3986 reserves.
    path: `/${segments.map((each) => (service === 's3' ? encode(decodeURIComponent(each)) : each)).join('/')}`,
    query,
    headers: {
      host: '127.0.0.1:4599',
      'x-any': header,
      // As the SDK's presigner does for S3.
      ...(isPresigned && service === 's3' && { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }),
    },
    body,
  });
  const signingDate = new Date(now);
  const signed = isPresigned
    ? await signer.presign(request, { signingDate, expiresIn: 60 })
    : await signer.sign(request, { signingDate });
  return {
    method,
    path: signed.path,
    query: Object.entries(signed.query ?? {})
      .flatMap(([name, value]) => [value ?? ''].flat().map((each) => `${encode(name)}=${encode(each)}`))
      .join('&'),
    headers: Object.fromEntries(
      Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    body: Buffer.from(body),
  };
}

type SignInput = typeof anyRequest extends fc.Arbitrary<infer T> ? T : never;

describe(`the SDK's signer and the sandbox's verifier (SEED=${seed})`, () => {
  it('agree on every request, in headers and in queries, repeated query keys included', async () => {
    await fc.assert(
      fc.asyncProperty(anyRequest, async (input) => {
        const request = await sign(input);
        expect(verdictOf(request)).toMatchObject({ isValid: true });
      }),
      { seed, numRuns: 400 },
    );
  });

  it('agree that one changed character of the query, the path or the token is another request', async () => {
    await fc.assert(
      fc.asyncProperty(anyRequest, fc.constantFrom('query', 'path', 'token'), async (input, part) => {
        const request = await sign(input);
        const { path, query, headers } = request;
        const changed = {
          query: { ...request, query: query === '' ? 'z=' : `${query}&z=` },
          path: { ...request, path: `${path}z` },
          token: {
            ...request,
            query: query.replace('a%2Ftoken', 'b%2Ftoken'),
            headers: {
              ...headers,
              ...(headers['x-amz-security-token'] && { 'x-amz-security-token': 'b/token+with=all' }),
            },
          },
        }[part];
        expect(verdictOf(changed)).toMatchObject({ isValid: false });
      }),
      { seed, numRuns: 200 },
    );
  });
});

function verdictOf(request: UnsignedRequest) {
  const reading = readAuthorization(request);
  if (reading.kind !== 'read') throw new Error(`The authorization is ${reading.kind}.`);
  return verify(request, reading.authorization, { findKey: () => holder, clocks: [now] });
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
