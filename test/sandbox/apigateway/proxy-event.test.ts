import { expect, it } from 'vitest';
import { proxyEvent } from '../../../sandbox/apigateway/proxy-event.ts';
import type { ServiceRequest } from '../../../sandbox/types.ts';
import { aRequest } from './an-api.ts';

const eventOf = (overrides: Partial<ServiceRequest> = {}) =>
  proxyEvent({
    request: aRequest(overrides),
    now: Date.UTC(2026, 10, 4, 2, 8, 4, 5),
    api: { accountId: '111111111111', apiId: 'abcdefghij', stage: 'dev' },
    domainName: '127.0.0.1:4599',
    resourcePath: '/grants/{grantId}',
    path: '/grants/grt_1',
    pathParameters: { grantId: 'grt_1' },
    callerOrgId: 'o-example',
  });

it('is the whole of what AWS documents', () => {
  const event = eventOf({ method: 'POST' });
  expect(event).toEqual({
    resource: '/grants/{grantId}',
    path: '/grants/grt_1',
    httpMethod: 'POST',
    headers: {
      host: '127.0.0.1:4599',
      'user-agent': 'test',
      Host: '127.0.0.1:4599',
      'X-Amzn-Trace-Id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Port': '4599',
      'X-Forwarded-Proto': 'http',
    },
    multiValueHeaders: expect.objectContaining({ 'user-agent': ['test'], 'X-Forwarded-Proto': ['http'] }),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { grantId: 'grt_1' },
    stageVariables: null,
    requestContext: {
      resourceId: 'sandbox',
      resourcePath: '/grants/{grantId}',
      httpMethod: 'POST',
      extendedRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      requestTime: '04/Nov/2026:02:08:04 +0000',
      path: '/abcdefghij/dev/grants/grt_1',
      accountId: '111111111111',
      protocol: 'HTTP/1.1',
      stage: 'dev',
      domainPrefix: 'abcdefghij',
      domainName: '127.0.0.1:4599',
      requestTimeEpoch: 1793758084005,
      requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      identity: {
        cognitoIdentityPoolId: null,
        accountId: '222222222222',
        cognitoIdentityId: null,
        caller: 'AIDAEXAMPLE',
        sourceIp: '127.0.0.1',
        principalOrgId: 'o-example',
        accessKey: 'AKIAEXAMPLE',
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
        userArn: 'arn:aws:iam::222222222222:user/admin',
        userAgent: 'test',
        user: 'AIDAEXAMPLE',
      },
      apiId: 'abcdefghij',
    },
    body: null,
    isBase64Encoded: false,
  });
});

it('carries any bytes as base64', () => {
  const body = Buffer.from([0, 255, 10, 13]);
  expect(eventOf({ body })).toMatchObject({ body: body.toString('base64'), isBase64Encoded: true });
});

it('gives the last of a repeated query parameter, and all of them', () => {
  expect(eventOf({ query: 'a=1&a=2&b=x%20y&c=' })).toMatchObject({
    queryStringParameters: { a: '2', b: 'x y', c: '' },
    multiValueQueryStringParameters: { a: ['1', '2'], b: ['x y'], c: [''] },
  });
});

it('never passes the signature on', () => {
  expect(JSON.stringify(eventOf())).not.toContain('AWS4-HMAC-SHA256');
});
