import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { createFront } from '../../../sandbox/front/front.ts';
import type {
  Front,
  FrontOptions,
  KeyRecord,
  Service,
  ServiceRequest,
  ServiceResponse,
  UnsignedRequest,
} from '../../../sandbox/types.ts';
import { Hash } from '../sigv4/sha256-hash.ts';

export const keys = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a-secret-of-the-test' };

export const holder: KeyRecord = {
  ...keys,
  caller: {
    type: 'User',
    accountId: '111111111111',
    arn: 'arn:aws:iam::111111111111:user/a',
    principalArn: 'arn:aws:iam::111111111111:user/a',
    userId: 'AIDAEXAMPLE',
    accessKeyId: keys.accessKeyId,
  },
};

/** A service of one operation per path, that does what it is told and answers errors plainly. */
export function aService(
  scope: string,
  handle: (request: ServiceRequest) => Promise<ServiceResponse> = echo,
): Service {
  return {
    scopes: [scope],
    operationOf: ({ path }) => (path.startsWith(`/${scope}/`) ? path.slice(scope.length + 2) : undefined),
    handle,
    error: ({ code, status, message }, requestId) => ({
      status,
      headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId },
      body: JSON.stringify({ __type: code, message, scope }),
    }),
  };
}

export async function echo({ body, headers }: ServiceRequest): Promise<ServiceResponse> {
  return { status: 200, headers: { 'content-type': headers['content-type'] ?? 'text/plain' }, body };
}

export function aFront(services: readonly Service[], options: Partial<FrontOptions> = {}): Front {
  return createFront({
    clock: { now: () => Date.now() },
    iam: { findKey: (id) => (id === keys.accessKeyId ? holder : undefined) },
    services,
    control: {},
    ...options,
  });
}

export interface Call {
  readonly scope?: string;
  readonly operation?: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly host?: string;
  readonly signingDate?: Date;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

export async function signed(call: Call = {}): Promise<UnsignedRequest> {
  const { scope = 'iam', operation = 'Do', method = 'POST', body = 'hello', host = '127.0.0.1' } = call;
  const signer = new SignatureV4({
    credentials: call.credentials ?? keys,
    region: 'us-east-1',
    service: scope,
    sha256: Hash,
    uriEscapePath: scope !== 's3',
  });
  const path = `/${scope}/${operation}`;
  const request = new HttpRequest({ method, hostname: host, path, headers: { host, ...call.headers }, body });
  const { headers } = await signer.sign(request, call.signingDate ? { signingDate: call.signingDate } : {});
  return { method, path, query: '', headers, body: Buffer.from(body) };
}

/** The same over a socket. */
export async function send(port: number, call: Call = {}, signal?: AbortSignal): Promise<Response> {
  const { method, path, headers, body } = await signed({ ...call, host: `127.0.0.1:${port}` });
  const { host: _, ...rest } = headers;
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: rest,
    ...(method === 'POST' && { body: new Uint8Array(body) }),
    ...(signal && { signal }),
  });
}

export async function jsonOf({ body }: ServiceResponse): Promise<Record<string, unknown>> {
  return JSON.parse(String(body)) as Record<string, unknown>;
}
