import { randomBytes } from 'node:crypto';
import type { ServiceRequest } from '../types.ts';

export interface ProxyEventOptions {
  readonly request: ServiceRequest;
  readonly now: number;
  readonly api: { readonly accountId: string; readonly apiId: string; readonly stage: string };
  /** `127.0.0.1:4599` */
  readonly domainName: string;
  /** The route's template, `/grants/{grantId}`. */
  readonly resourcePath: string;
  /** As sent, without stage. */
  readonly path: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly callerOrgId: string | undefined;
}

/**
 * The event that a Lambda proxy integration receives ("Input format of a Lambda function for proxy integration").
 * Pure but for the trace id. Where AWS has the API's id in the host name, the sandbox has it in the path; so
 * `X-Forwarded-Proto`, `domainName` and `requestContext.path` still join to the URL that was called.
 */
export function proxyEvent(options: ProxyEventOptions): Readonly<Record<string, unknown>> {
  const { request, now, api, domainName, resourcePath, path, pathParameters } = options;
  const headers = forwardedHeaders(request, now, domainName);
  const query = new URLSearchParams(request.query);
  const names = [...new Set(query.keys())];
  return {
    resource: resourcePath,
    path,
    httpMethod: request.method,
    headers,
    multiValueHeaders: mapValues(headers, (value) => [value]),
    queryStringParameters: orNull(Object.fromEntries(names.map((name) => [name, query.getAll(name).at(-1)]))),
    multiValueQueryStringParameters: orNull(
      Object.fromEntries(names.map((name) => [name, query.getAll(name)])),
    ),
    pathParameters: orNull(pathParameters),
    stageVariables: null,
    requestContext: {
      resourceId: 'sandbox',
      resourcePath,
      httpMethod: request.method,
      extendedRequestId: request.id,
      requestTime: commonLogTime(now),
      path: `/${api.apiId}/${api.stage}${path}`,
      accountId: api.accountId,
      protocol: 'HTTP/1.1',
      stage: api.stage,
      domainPrefix: api.apiId,
      domainName,
      requestTimeEpoch: now,
      requestId: request.id,
      identity: identityOf(request, options.callerOrgId),
      apiId: api.apiId,
    },
    // Binary media type */*: every body arrives as base64.
    body: request.body.length > 0 ? request.body.toString('base64') : null,
    isBase64Encoded: request.body.length > 0,
  };
}

/** `requestContext.identity` of a request signed with SigV4. */
function identityOf({ caller, sourceIp, headers }: ServiceRequest, orgId: string | undefined) {
  return {
    cognitoIdentityPoolId: null,
    accountId: caller.accountId,
    cognitoIdentityId: null,
    caller: caller.userId,
    sourceIp,
    principalOrgId: orgId ?? null,
    accessKey: caller.accessKeyId,
    cognitoAuthenticationType: null,
    cognitoAuthenticationProvider: null,
    userArn: caller.arn,
    userAgent: headers['user-agent'] ?? null,
    user: caller.userId,
  };
}

/** The signature was for API Gateway and stays there; the edge adds its own headers. */
function forwardedHeaders(request: ServiceRequest, now: number, domainName: string): Record<string, string> {
  const { authorization: _, ...kept } = request.headers;
  const seconds = Math.floor(now / 1000).toString(16);
  return {
    ...kept,
    Host: domainName,
    'X-Amzn-Trace-Id': `Root=1-${seconds}-${randomBytes(12).toString('hex')}`,
    'X-Forwarded-For': request.sourceIp,
    'X-Forwarded-Port': domainName.split(':')[1] ?? '80',
    'X-Forwarded-Proto': 'http',
  };
}

/** `24/Nov/2026:02:28:24 +0000` */
function commonLogTime(now: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(now).toUTCString())!;
  return `${day}/${month}/${year}:${time} +0000`;
}

function orNull<T extends object>(value: T): T | null {
  return Object.keys(value).length > 0 ? value : null;
}

function mapValues<T>(
  record: Readonly<Record<string, string>>,
  map: (value: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
