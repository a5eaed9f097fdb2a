import { createHash } from 'node:crypto';
import { ControlError } from '../control-error.ts';
import type { Outcome } from '../lambda/environment.ts';
import type { Lambda } from '../lambda/lambda.ts';
import type { PolicyDocument, Statement } from '../policy/document.ts';
import type { Stack, StackFunction, StackRoute } from '../stack/stack.ts';
import type { Authorize, Clock, ControlRoutes, Service, ServiceRequest, ServiceResponse } from '../types.ts';
import { errorResponse, gatewayError } from './gateway-error.ts';
import { proxyEvent } from './proxy-event.ts';
import { bufferedResponse, streamedResponse } from './proxy-response.ts';
import { matchRoute } from './routes.ts';

/** API Gateway of all accounts: REST APIs with IAM authorization and Lambda proxy integrations. */
export interface ApiGateway {
  readonly service: Service;
  /** Answers where the API is: `http://127.0.0.1:4599/<apiId>/<stage>`, no slash at its end. */
  deploy(stack: Stack): string;
  /** From now on a function that streams is told, or not told, when its client left. Not told unless asked for. */
  tellDepartures(told: boolean): void;
  readonly controlRoutes: ControlRoutes;
}

export interface ApiGatewayOptions {
  readonly clock: Clock;
  readonly authorize: Authorize;
  readonly invoke: Lambda['invoke'];
  /** `http://127.0.0.1:4599`; known once the sandbox listens. */
  readonly origin: () => string;
  /** The organization of an account, for `identity.principalOrgId`. */
  readonly orgIdOf: (accountId: string) => string | undefined;
}

/** "Quotas … REST API": payload 10 MB. */
const bodyMaxBytes = 10 * 1024 * 1024;
/** Lambda: the event, JSON and base64 included, is at most 6 MB. */
const eventMaxBytes = 6 * 1024 * 1024;

interface Api {
  readonly apiId: string;
  readonly stack: Stack;
  readonly routes: readonly Route[];
  readonly resourcePolicy: PolicyDocument;
}

interface Route extends StackRoute {
  readonly function: StackFunction;
}

export function createApiGateway(options: ApiGatewayOptions): ApiGateway {
  const { clock, authorize, origin, orgIdOf } = options;
  const apis = new Map<string, Api>();
  let areDeparturesTold = false;

  /** @param signal aborts when nobody waits any more */
  async function invoke(...[accountId, name, event, signal]: Parameters<Lambda['invoke']>): Promise<Outcome> {
    if (!signal || areDeparturesTold) return options.invoke(accountId, name, event, signal);
    const outcome = await options.invoke(accountId, name, event);
    if (outcome.type !== 'stream') return outcome;
    const chunks = toTheEnd(outcome.chunks);
    if (signal.aborted) void readOut(chunks);
    return { ...outcome, chunks };
  }

  function find(request: Pick<ServiceRequest, 'method' | 'path'>) {
    const [, apiId, stage, rest] = /^\/([^/]+)\/([^/]+)(\/.*)?$/.exec(request.path) ?? [];
    const api = apis.get(apiId ?? '');
    if (!api || api.stack.stage !== stage) return undefined;
    const path = rest ?? '/';
    const match = matchRoute(api.routes, request.method, path);
    return match && { api, path, ...match };
  }

  async function handle(request: ServiceRequest): Promise<ServiceResponse> {
    const found = find(request);
    if (!found) return gatewayError('unknownRoute', request.id);
    const { api, path, route, pathParameters } = found;
    const { stack, apiId } = api;
    const answer = authorize({
      request,
      action: 'execute-api:Invoke',
      resource: `${apiArn(api)}/${stack.stage}/${request.method}${path}`,
      resourceAccountId: stack.accountId,
      resourcePolicy: api.resourcePolicy,
    });
    if (!answer.allowed) return denied(answer.message, request.id);
    const own = stack.gatewayResponses;
    if (request.body.length > bodyMaxBytes) return gatewayError('requestTooLarge', request.id, own);
    const event = proxyEvent({
      request,
      now: clock.now(),
      api: { accountId: stack.accountId, apiId, stage: stack.stage },
      domainName: new URL(origin()).host,
      resourcePath: route.path,
      path,
      pathParameters,
      callerOrgId: orgIdOf(request.caller.accountId),
    });
    if (eventBytes(event) > eventMaxBytes) return gatewayError('requestTooLarge', request.id, own);
    return integrate(request, route, stack, event);
  }

  async function integrate(request: ServiceRequest, route: Route, stack: Stack, event: unknown) {
    const own = stack.gatewayResponses;
    const late = Promise.withResolvers<'late'>();
    const leaving = new AbortController();
    const timeout = setTimeout(() => {
      late.resolve('late');
      leaving.abort();
    }, route.timeoutMs);
    try {
      // A function behind a buffered route is never told that its client left.
      const signal = route.isStreamed ? AbortSignal.any([request.signal, leaving.signal]) : undefined;
      const outcome = await Promise.race([
        invoke(stack.accountId, route.function.name, event, signal),
        late.promise,
      ]);
      if (outcome === 'late') return gatewayError('integrationTimeout', request.id, own);
      if (outcome.type === 'failure') return gatewayError('badGateway', request.id, own);
      if (outcome.type === 'stream' && route.isStreamed)
        return await streamedResponse(outcome.chunks, request.id, own);
      if (route.isStreamed) return gatewayError('malformedStream', request.id, own);
      const payload = outcome.type === 'result' ? outcome.payload : await gather(outcome.chunks);
      return bufferedResponse(payload, request.id, own);
    } catch {
      // A stream that broke before its metadata was whole.
      return gatewayError('badGateway', request.id, own);
    } finally {
      clearTimeout(timeout);
    }
  }

  function tellDepartures(told: boolean): void {
    areDeparturesTold = told;
  }

  return {
    service: {
      scopes: ['execute-api'],
      operationOf: (request) => find(request)?.route.function.key,
      handle,
      error: ({ status, code, message }, requestId) =>
        errorResponse(status, code, JSON.stringify({ message }), requestId),
    },
    deploy(stack) {
      const apiId = apiIdOf(stack.accountId);
      const routes = stack.functions.flatMap((entry) =>
        entry.routes.map((route) => ({ ...route, function: entry })),
      );
      const api = { apiId, stack, routes, resourcePolicy: stack.resourcePolicy };
      apis.set(apiId, { ...api, resourcePolicy: withFullArns(stack.resourcePolicy, apiArn(api)) });
      return `${origin()}/${apiId}/${stack.stage}`;
    },
    tellDepartures,
    controlRoutes: {
      'POST /departures': ({ body }) => {
        const { told, ...unknown } = body;
        if (typeof told !== 'boolean' || Object.keys(unknown).length > 0)
          throw new ControlError('The body is { "told": true } or { "told": false }.');
        tellDepartures(told);
        return { told };
      },
    },
  };
}

/**
 * The function's stream, read on to its end by nobody where the client leaves: "streamed responses are not interrupted or
 * stopped when the invoking client connection is broken" (Lambda Developer Guide, "Response streaming").
 */
async function* toTheEnd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let hasEnded = false;
  try {
    while (true) {
      const next = await iterator.next();
      if (next.done) break;
      yield next.value;
    }
    hasEnded = true;
  } finally {
    if (!hasEnded) void readOut({ [Symbol.asyncIterator]: () => iterator });
  }
}

/** A function whose response nobody waits for writes it all the same. */
async function readOut(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const _ of chunks);
  } catch {
    // It failed, and nobody is there to be told.
  }
}

/** Ten lower-case alphanumerics, as in AWS; the same in every run. */
function apiIdOf(accountId: string): string {
  const hash = BigInt(`0x${createHash('sha256').update(accountId).digest('hex').slice(0, 24)}`);
  return hash.toString(36).padStart(10, '0').slice(-10);
}

function apiArn({ apiId, stack }: Pick<Api, 'apiId' | 'stack'>): string {
  return `arn:aws:execute-api:${stack.region}:${stack.accountId}:${apiId}`;
}

/** A resource policy may leave out what only the API itself can know: `execute-api:/stage/method/path`. */
function withFullArns(policy: PolicyDocument, arn: string): PolicyDocument {
  const expand = (resource: string) => resource.replace(/^execute-api:\//, `${arn}/`);
  const statements = ([] as Statement[]).concat(policy.Statement).map((statement) => ({
    ...statement,
    ...(statement.Resource !== undefined && { Resource: [statement.Resource].flat().map(expand) }),
  }));
  return { ...policy, Statement: statements };
}

/** API Gateway hides all but the last four digits of the account id in the resource. */
function denied(message: string, requestId: string): ServiceResponse {
  const hidden = message.replace(/(on resource: arn:aws:execute-api:[^:]*:)\d{8}(?=\d{4}:)/, '$1********');
  return errorResponse(403, 'AccessDeniedException', JSON.stringify({ Message: hidden }), requestId);
}

function eventBytes(event: Readonly<Record<string, unknown>>): number {
  const { body, ...rest } = event;
  return JSON.stringify(rest).length + String(body ?? '').length;
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}
