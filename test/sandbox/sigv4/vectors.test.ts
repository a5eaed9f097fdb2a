import { describe, expect, it } from 'vitest';
import { readAuthorization } from '../../../sandbox/front/authorization.ts';
import { sha256 } from '../../../sandbox/front/canonical.ts';
import { signatureOf } from '../../../sandbox/front/sigv4.ts';
import { verify } from '../../../sandbox/front/verify.ts';
import type { KeyRecord, UnsignedRequest } from '../../../sandbox/types.ts';
import headerSuite from './header-vectors.json' with { type: 'json' };
import querySuite from './query-vectors.json' with { type: 'json' };
import s3Examples from './s3-examples.json' with { type: 'json' };

interface Vector {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

function requestOf(vector: Vector, headers: Record<string, string> = {}): UnsignedRequest {
  const { method, path, query, body = '' } = vector;
  const own = Object.entries(vector.headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    method,
    path,
    query,
    headers: { ...Object.fromEntries(own), ...headers },
    body: Buffer.from(body),
  };
}

function authorizationHeader(
  suite: {
    readonly credentials: { readonly accessKeyId: string };
    readonly scope: { date: string; region: string; service: string };
  },
  signedHeaders: readonly string[],
  signature: string,
): string {
  const { date, region, service } = suite.scope;
  return `AWS4-HMAC-SHA256 Credential=${suite.credentials.accessKeyId}/${date}/${region}/${service}/aws4_request, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
}

/** Who holds the key of the suite, with or without a session token. */
function holder(secretAccessKey: string, accessKeyId: string, sessionToken?: string): KeyRecord {
  return {
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    caller: {
      type: 'User',
      accountId: '111111111111',
      arn: 'arn:aws:iam::111111111111:user/a',
      principalArn: 'arn:aws:iam::111111111111:user/a',
      userId: 'AIDAEXAMPLE',
      accessKeyId,
    },
  };
}

function verdictOf(
  request: UnsignedRequest,
  credentials: { accessKeyId: string; secretAccessKey: string },
  at: string,
) {
  const reading = readAuthorization(request);
  if (reading.kind !== 'read') throw new Error(`The authorization is ${reading.kind}.`);
  const token = request.headers['x-amz-security-token'];
  return verify(request, reading.authorization, {
    findKey: (id) =>
      id === credentials.accessKeyId ? holder(credentials.secretAccessKey, id, token) : undefined,
    clocks: [Date.parse(at)],
  });
}

const suiteTime = '2015-08-30T12:40:00Z';

describe("AWS's test suite, signatures in headers", () => {
  it.each(headerSuite.vectors)('$name: makes the published signature', (vector) => {
    const { scope, timestamp, credentials } = headerSuite;
    const signature = signatureOf({
      request: requestOf(vector),
      scope,
      timestamp,
      signedHeaders: vector.signedHeaders,
      payloadHash: sha256(vector.body),
      secretAccessKey: credentials.secretAccessKey,
    });
    expect(signature).toBe(vector.signature);
  });

  it.each(headerSuite.vectors)('$name: takes the published request, and no other', (vector) => {
    const authorization = authorizationHeader(headerSuite, vector.signedHeaders, vector.signature);
    const request = requestOf(vector, { authorization });
    const { credentials } = headerSuite;
    expect(verdictOf(request, credentials, suiteTime)).toMatchObject({ isValid: true });
    for (const changed of [
      { ...request, method: 'PUT' },
      { ...request, path: '/elsewhere' },
      { ...request, query: 'added=1' },
      { ...request, body: Buffer.from('changed') },
      { ...request, headers: { ...request.headers, host: 'evil.example.com' } },
    ])
      expect(verdictOf(changed, credentials, suiteTime)).toEqual({ isValid: false, refusal: 'mismatch' });
  });
});

describe("AWS's test suite, signatures in queries", () => {
  it.each(querySuite.vectors)('$name: takes the published request, and no other', (vector) => {
    const { credentials } = querySuite;
    const request = requestOf(vector);
    expect(verdictOf(request, credentials, suiteTime)).toMatchObject({ isValid: true });
    const changed = { ...request, query: request.query.replace('X-Amz-Expires=3600', 'X-Amz-Expires=7200') };
    expect(verdictOf(changed, credentials, suiteTime)).toEqual({ isValid: false, refusal: 'mismatch' });
    expect(verdictOf(request, credentials, '2015-08-30T13:36:01Z')).toEqual({
      isValid: false,
      refusal: 'presignExpired',
    });
  });
});

describe("Amazon S3's worked examples", () => {
  const { credentials, scope, timestamp, chunked, presigned } = s3Examples;
  const at = '2013-05-24T00:01:00Z';

  it.each(s3Examples.vectors)('$name', (vector) => {
    const authorization = authorizationHeader(s3Examples, vector.signedHeaders, vector.signature);
    const request = requestOf(vector as Vector, { authorization });
    expect(verdictOf(request, credentials, at)).toMatchObject({ isValid: true });
    expect(verdictOf({ ...request, body: Buffer.from('changed') }, credentials, at)).toEqual({
      isValid: false,
      refusal: 'contentMismatch',
    });
  });

  it('a presigned GET is good for its day and not a second longer', () => {
    const request = requestOf(presigned);
    expect(verdictOf(request, credentials, '2013-05-24T23:59:59Z')).toMatchObject({ isValid: true });
    expect(verdictOf(request, credentials, '2013-05-25T00:00:01Z')).toMatchObject({
      refusal: 'presignExpired',
    });
  });

  const body = (filler = 'a') =>
    Buffer.concat(
      chunked.chunks.flatMap(({ bytes, signature }) => [
        Buffer.from(`${bytes.toString(16)};chunk-signature=${signature}\r\n`),
        Buffer.from(filler.repeat(bytes)),
        Buffer.from('\r\n'),
      ]),
    );
  const chunkedRequest = (bytes: Buffer): UnsignedRequest => ({
    ...requestOf(chunked, {
      authorization: authorizationHeader(s3Examples, chunked.signedHeaders, chunked.seedSignature),
    }),
    body: bytes,
  });

  it('an upload in signed chunks comes out whole', () => {
    const verdict = verdictOf(chunkedRequest(body()), credentials, at);
    expect(verdict).toMatchObject({ isValid: true });
    expect(verdict.isValid && verdict.body.equals(Buffer.from('a'.repeat(66_560)))).toBe(true);
    expect(scope.service).toBe('s3');
    expect(timestamp).toBe(chunked.headers['x-amz-date']);
  });

  it('a chunk that was changed, cut off or left out is noticed', () => {
    const whole = body();
    const withoutSecond = Buffer.concat([
      whole.subarray(0, 65_536 + 88),
      whole.subarray(65_536 + 88 + 1024 + 87),
    ]);
    for (const wrong of [
      body('b'),
      whole.subarray(0, 70_000 - 4_000),
      withoutSecond,
      Buffer.from('nonsense'),
    ])
      expect(verdictOf(chunkedRequest(wrong), credentials, at)).toEqual({
        isValid: false,
        refusal: 'mismatch',
      });
  });
});
