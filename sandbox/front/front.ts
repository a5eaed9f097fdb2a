/** The one door to every service of the sandbox: who signed, which service, which fault, and a line in the log. */

import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { ControlError } from '../control-error.ts';
import type {
  ControlRoutes,
  Front,
  FrontOptions,
  Service,
  ServiceRequest,
  ServiceResponse,
  UnsignedRequest,
} from '../types.ts';
import { type AuthorizationReading, readAuthorization } from './authorization.ts';
import { createCallLog } from './call-log.ts';
import { controlPrefix, createControlApi, isControlRequest } from './control-api.ts';
import { errorCodeOf } from './error-code.ts';
import { createFaults, faultError, readFault } from './faults.ts';
import { bodyMaxBytes, listen } from './http-server.ts';
import { NetworkFault } from './network-fault.ts';
import { protocolOf, type Refusal, refusal } from './refusals.ts';
import { verify } from './verify.ts';

export function createFront(options: FrontOptions): Front {
  const { clock, iam, services, functionOf, crashFunction } = options;
  const byScope = new Map(services.flatMap((service) => service.scopes.map((scope) => [scope, service])));
  const scopes = [...byScope.keys()].sort();
  const log = createCallLog();
  const faults = createFaults();
  const routes: ControlRoutes = {
    ...options.control,
    'GET /calls': ({ query }) => ({ calls: log.find(readFilter(query)) }),
    'DELETE /calls': () => log.clear(),
    'POST /faults': ({ body }) => faults.add(readFault(body, scopes)),
    'DELETE /faults': () => faults.clear(),
    'GET /': () => ({ routes: Object.keys(routes).map((route) => route.replace(' ', ` ${controlPrefix}`)) }),
  };
  const control = createControlApi(routes);

  const handle: Front['handle'] = async (request) => {
    if (isControlRequest(request)) return control(request);
    const id = randomUUID();
    const at = new Date(clock.now()).toISOString();
    const reading = readAuthorization(request);
    const scope =
      reading.kind === 'read' ? reading.authorization.scope.service : unsignedScope(request, reading);
    const service = byScope.get(scope);
    const operation = service?.operationOf(request) ?? 'Unknown';

    const record = (entry: Partial<ServiceRequest>, response?: ServiceResponse, fault?: string) => {
      const { caller, decisions = [] } = entry;
      const sourceIdentity = caller?.session?.sourceIdentity;
      const functionName = caller && functionOf?.(caller.accessKeyId);
      const errorCode = response && errorCodeOf(response);
      log.push({
        id,
        at,
        service: scope,
        operation,
        accountId: caller?.accountId ?? '',
        principalArn: caller?.principalArn ?? '',
        ...(sourceIdentity !== undefined && { sourceIdentity }),
        ...(functionName !== undefined && { functionName }),
        actions: [...new Set(decisions.map(({ action }) => action))],
        resources: [...new Set(decisions.map(({ resource }) => resource))],
        decision: summary(decisions),
        status: response?.status ?? 0,
        ...(errorCode !== undefined && { errorCode }),
        ...(fault !== undefined && { fault }),
      });
    };
    const refuse = (kind: Refusal, message?: string): ServiceResponse => {
      const error = refusal(kind, protocolOf(scope, request.headers), message);
      const response = service?.error(error, id) ?? plainRefusal(error.code, error.message, id);
      record({}, response);
      return response;
    };

    if (request.body.length > bodyMaxBytes) return refuse('tooLarge');
    if (reading.kind === 'none') return refuse('missing');
    if (reading.kind === 'malformed') return refuse('malformed', reading.message);
    if (!service)
      return refuse('malformed', `The sandbox has no service ${scope}; it has ${scopes.join(', ')}.`);
    const verdict = verify(request, reading.authorization, {
      findKey: iam.findKey,
      clocks: [clock.now(), Date.now()],
    });
    if (!verdict.isValid) return refuse(verdict.refusal);

    const signed: ServiceRequest = {
      id,
      method: request.method,
      path: request.path,
      query: request.query,
      headers: withoutChunks(request.headers),
      body: verdict.body,
      sourceIp: sourceIpOf(request),
      region: reading.authorization.scope.region,
      caller: verdict.caller,
      signal: request.signal ?? neverAborted,
      decisions: [],
    };
    const fault = faults.next(scope, operation);
    if (fault === 'timeout') {
      record(signed, undefined, fault);
      throw new NetworkFault('silence');
    }
    if (fault === 'throttle' || fault === 'error') {
      const response = service.error(faultError(fault, scope, request.headers), id);
      record(signed, response, fault);
      return response;
    }
    const response = await run(service, signed);
    record(signed, response, fault);
    if (fault === undefined) return response;
    await discard(response);
    if (fault === 'crash') crashFunction?.(signed.caller.accessKeyId);
    throw new NetworkFault('cut');
  };

  /** The service a request without a readable signature means; AWS tells by the host name. S3 takes any path, so it is asked last. */
  function unsignedScope(request: UnsignedRequest, reading: AuthorizationReading): string {
    if (reading.kind === 'malformed' && reading.service !== undefined && byScope.has(reading.service))
      return reading.service;
    const asked = [...services].sort(
      (a, b) => Number(a.scopes.includes('s3')) - Number(b.scopes.includes('s3')),
    );
    return asked.find((service) => service.operationOf(request) !== undefined)?.scopes[0] ?? 'unknown';
  }

  return {
    calls: log.records,
    addFault: (fault) => faults.add(readFault({ ...fault }, scopes)),
    clearFaults: faults.clear,
    handle,
    listen: (port) => listen(handle, port),
  };
}

/** A bug of the sandbox: answered as AWS answers its own, and shown on stderr. */
async function run(service: Service, request: ServiceRequest): Promise<ServiceResponse> {
  try {
    return await service.handle(request);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : new Error(String(error)));
    return service.error(faultError('error', service.scopes[0] ?? '', request.headers), request.id);
  }
}

function summary(decisions: ServiceRequest['decisions']) {
  if (decisions.length === 0) return 'not-evaluated';
  return decisions.every(({ allowed }) => allowed) ? 'allowed' : 'denied';
}

/** The client is gone: a stream must be told, or it would wait for a reader. */
async function discard({ body }: ServiceResponse): Promise<void> {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return;
  await body[Symbol.asyncIterator]().return?.();
}

/** `x-sandbox-source-ip` lets a test come from elsewhere than this machine. */
function sourceIpOf(request: UnsignedRequest & { readonly sourceIp?: string }): string {
  const told = request.headers['x-sandbox-source-ip'];
  return told !== undefined && isIP(told) ? told : (request.sourceIp ?? '127.0.0.1');
}

/** Once decoded, `aws-chunked` is no longer the encoding of the content. */
function withoutChunks(headers: ServiceRequest['headers']): ServiceRequest['headers'] {
  const encoding = headers['content-encoding'];
  if (!encoding?.includes('aws-chunked')) return headers;
  const { 'content-encoding': _, ...rest } = headers;
  const others = encoding.split(',').filter((part) => part.trim() !== 'aws-chunked');
  return others.length === 0 ? rest : { ...rest, 'content-encoding': others.join(',').trim() };
}

/** No service of the sandbox was meant, so there is no protocol to answer in. */
function plainRefusal(code: string, message: string, id: string): ServiceResponse {
  return {
    status: 403,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': id, 'x-amzn-errortype': code },
    body: JSON.stringify({ __type: code, message }),
  };
}

function readFilter(query: URLSearchParams) {
  const since = query.get('since');
  const time = since === null ? undefined : Date.parse(since);
  if (Number.isNaN(time)) throw new ControlError('"since" must be a time such as 2027-01-01T00:00:00Z.');
  return {
    service: query.get('service') ?? undefined,
    operation: query.get('operation') ?? undefined,
    since: time,
  };
}

const neverAborted = new AbortController().signal;
