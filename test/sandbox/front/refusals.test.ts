import { describe, expect, it } from 'vitest';
import { aFront, aService, jsonOf, keys, signed } from './a-front.ts';

const scopes = ['iam', 'sts', 'sns', 'dynamodb', 'events', 'sagemaker', 'execute-api', 's3'];
const front = aFront(scopes.map((scope) => aService(scope)));

async function answerTo(request: Awaited<ReturnType<typeof signed>>) {
  const response = await front.handle(request);
  const { __type, message } = await jsonOf(response);
  return { status: response.status, code: __type, message };
}

describe('each service refuses in its own words', () => {
  const table: readonly (readonly [string, string, string, string, string])[] = [
    // scope, no signature, unknown key, wrong secret, older than 15 minutes
    [
      'iam',
      'MissingAuthenticationToken 403',
      'InvalidClientTokenId 403',
      'SignatureDoesNotMatch 403',
      'SignatureDoesNotMatch 403',
    ],
    [
      'sts',
      'MissingAuthenticationToken 403',
      'InvalidClientTokenId 403',
      'SignatureDoesNotMatch 403',
      'SignatureDoesNotMatch 403',
    ],
    [
      'sns',
      'MissingAuthenticationToken 403',
      'InvalidClientTokenId 403',
      'SignatureDoesNotMatch 403',
      'SignatureDoesNotMatch 403',
    ],
    [
      'dynamodb',
      'MissingAuthenticationTokenException 400',
      'UnrecognizedClientException 400',
      'InvalidSignatureException 400',
      'InvalidSignatureException 400',
    ],
    [
      'events',
      'MissingAuthenticationTokenException 400',
      'UnrecognizedClientException 400',
      'InvalidSignatureException 400',
      'InvalidSignatureException 400',
    ],
    [
      'sagemaker',
      'MissingAuthenticationTokenException 403',
      'UnrecognizedClientException 403',
      'InvalidSignatureException 403',
      'InvalidSignatureException 403',
    ],
    [
      'execute-api',
      'MissingAuthenticationTokenException 403',
      'UnrecognizedClientException 403',
      'InvalidSignatureException 403',
      'InvalidSignatureException 403',
    ],
    [
      's3',
      'AccessDenied 403',
      'InvalidAccessKeyId 403',
      'SignatureDoesNotMatch 403',
      'RequestTimeTooSkewed 403',
    ],
  ];
  it.each(table)('%s', async (scope, ...expected) => {
    const { authorization: _, ...unsigned } = (await signed({ scope })).headers;
    const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' };
    const forger = { ...keys, secretAccessKey: 'guessed' };
    const requests = [
      { ...(await signed({ scope })), headers: unsigned },
      await signed({ scope, credentials: stranger }),
      await signed({ scope, credentials: forger }),
      await signed({ scope, signingDate: new Date(Date.now() - 901_000) }),
    ];
    for (const [at, request] of requests.entries()) {
      const { code, status } = await answerTo(request);
      expect(`${code} ${status}`).toBe(expected[at]);
    }
    expect((await front.handle(await signed({ scope }))).status).toBe(200);
  });

  it("SageMaker's control plane, which speaks JSON 1.1, with 400", async () => {
    const headers = { 'x-amz-target': 'SageMaker.ListEndpoints' };
    const request = await signed({
      scope: 'sagemaker',
      headers,
      credentials: { ...keys, accessKeyId: 'AKIANOBODY' },
    });
    expect(await answerTo(request)).toMatchObject({ code: 'UnrecognizedClientException', status: 400 });
  });
});

describe('a signature', () => {
  it('without a part says which; with nothing readable says so, and neither repeats what came', async () => {
    const request = await signed();
    const authorization = request.headers['authorization'] ?? '';
    const without = (text: string) => ({
      ...request,
      headers: { ...request.headers, authorization: text },
    });
    expect(await answerTo(without(authorization.replace(/, Signature=.*/, '')))).toEqual({
      status: 400,
      code: 'IncompleteSignature',
      message: "Authorization header requires 'Signature' parameter.",
    });
    const bearer = await front.handle(without('Bearer very-secret'));
    expect(bearer.status).toBe(400);
    expect(String(bearer.body)).not.toContain('very-secret');
    const nowhere = await front.handle({ ...without('AWS4-HMAC-SHA256 Credential=a/b'), path: '/' });
    expect(nowhere.status).toBe(403);
  });

  it.each([
    [
      'does not cover the host',
      (text: string) => text.replace('host;', ''),
      "'Host' must be a signed header.",
    ],
    [
      'has a scope of four parts',
      (text: string) => text.replace('/aws4_request', ''),
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.',
    ],
    [
      'has the scope of another day',
      (text: string) => text.replace(/\/\d{8}\//, '/20200101/'),
      'Date in Credential scope does not match the date.',
    ],
  ])('that %s is refused', async (_title, change, message) => {
    const request = await signed();
    const authorization = change(request.headers['authorization'] ?? '');
    expect(await answerTo({ ...request, headers: { ...request.headers, authorization } })).toMatchObject({
      message,
    });
  });

  it('for another service does not lead there', async () => {
    const request = await signed({ scope: 'iam' });
    const authorization = request.headers['authorization']?.replace('/iam/', '/sts/') ?? '';
    expect(await answerTo({ ...request, headers: { ...request.headers, authorization } })).toMatchObject({
      code: 'SignatureDoesNotMatch',
    });
    const unknown = await front.handle(await signed({ scope: 'ec2' }));
    expect(unknown.status).toBe(403);
  });

  it('by the real time is good although the clock of the sandbox was moved, and by the sandbox too', async () => {
    const moved = aFront([aService('iam')], { clock: { now: () => Date.now() + 86_400_000 } });
    expect((await moved.handle(await signed())).status).toBe(200);
    expect(
      (await moved.handle(await signed({ signingDate: new Date(Date.now() + 86_400_000) }))).status,
    ).toBe(200);
    expect(
      (await moved.handle(await signed({ signingDate: new Date(Date.now() + 43_200_000) }))).status,
    ).toBe(403);
  });

  it('of temporary keys needs their token, and ends with them', async () => {
    const session = { ...keys, sessionToken: 'a-token' };
    const record = (expiresAt: number) => ({ ...session, expiresAt, caller: {} as never });
    const until = (expiresAt: number) =>
      aFront([aService('iam')], { iam: { findKey: () => record(expiresAt) } });
    const alive = until(Date.now() + 60_000);
    expect((await alive.handle(await signed({ credentials: session }))).status).toBe(200);
    const codes = [];
    for (const credentials of [keys, { ...session, sessionToken: 'another' }])
      codes.push((await jsonOf(await alive.handle(await signed({ credentials }))))['__type']);
    expect(codes).toEqual(['InvalidClientTokenId', 'InvalidClientTokenId']);
    const ended = await until(Date.now() - 1).handle(await signed({ credentials: session }));
    expect(await jsonOf(ended)).toMatchObject({ __type: 'ExpiredToken' });
    // Who does not hold the secret is not told that the session has ended.
    const forged = { ...session, secretAccessKey: 'guessed' };
    expect(
      await jsonOf(await until(Date.now() - 1).handle(await signed({ credentials: forged }))),
    ).toMatchObject({
      __type: 'SignatureDoesNotMatch',
    });
  });
});
