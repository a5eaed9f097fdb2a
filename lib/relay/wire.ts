/**
 * SageMaker's runtime protocol as it passes through the relay: routes, headers, limits. Pure.
 * What SageMaker can judge, SageMaker judges, so that its verdicts stay its own; the relay stops only what could not
 * be sent on as it came.
 */

import type { Mode } from '../contract/fields.ts';
import type { relayRoutes } from '../contract/operations.ts';
import { refusal } from './errors.ts';

export type RouteName = keyof typeof relayRoutes;

/**
 * What stands behind the alias in API Gateway's resource, and in SageMaker's path behind the endpoint's name. The compiler
 * holds it against the table of the contract.
 */
export const operationPath: { readonly [Name in RouteName]: Behind<(typeof relayRoutes)[Name]['path']> } = {
  sync: 'invocations',
  stream: 'invocations-response-stream',
  async: 'async-invocations',
  asyncUpload: 'async-uploads',
  asyncResult: 'async-results/{inferenceId}',
};

type Behind<Path> = Path extends `/endpoints/{alias}/${infer Rest}` ? Rest : never;

const routes = new Map(
  Object.entries(operationPath).map(([name, path]) => [`/endpoints/{alias}/${path}`, name as RouteName]),
);

export function routeOf(resource: unknown): RouteName | undefined {
  return routes.get(resource as string);
}

/**
 * Request headers that not every operation knows, and those that do. SageMaker strips what an operation does not know, and
 * so do we. An `x-amzn-sagemaker-*` header that is not in the table goes with all of them: one they all know, or a newer one.
 */
const ownPrefix = 'x-amzn-sagemaker-';
const direct: readonly Mode[] = ['sync', 'stream'];
const knownIn = new Map<string, readonly Mode[]>([
  ['content-type', ['sync', 'stream', 'async']],
  // In the other modes it says what the caller wants from us, not from the model.
  ['accept', ['sync']],
  ...own(
    direct,
    'target-variant',
    'target-container-hostname',
    'inference-component',
    'session-id',
    'prefix-aware-id',
  ),
  ...own(['sync'], 'target-model', 'enable-explanations'),
  ...own(['stream', 'async'], 'accept'),
  ...own(
    ['async'],
    'content-type',
    'inputlocation',
    's3outputpathextension',
    'filename',
    'requestttlseconds',
    'invocationtimeoutseconds',
  ),
]);

function own(modes: readonly Mode[], ...names: readonly string[]) {
  return names.map((name) => [ownPrefix + name, modes] as const);
}

/** SageMaker's longest header has 1024 characters; what is longer is wrong for it, but may still be sent to be told so. */
const headerBytesMax = 2_048;

/** Names in lower case; a header given twice has two values. */
export type HeaderLists = Readonly<Record<string, readonly string[]>>;

export function lowerCased(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): HeaderLists {
  const lists: Record<string, readonly string[]> = Object.create(null);
  for (const sent in headers) {
    const name = sent.toLowerCase();
    lists[name] = (lists[name] ?? []).concat(headers[sent] ?? []);
  }
  return lists;
}

/** The headers that go on to SageMaker. Throws Refusal for values that no HTTP client could send. */
export function forwardedHeaders(lists: HeaderLists, mode: Mode): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name in lists) {
    const modes = knownIn.get(name);
    if (modes ? !modes.includes(mode) : !/^x-amzn-sagemaker-[a-z0-9-]{1,100}$/.test(name)) continue;
    const [value, another] = lists[name] as readonly string[];
    if (value === undefined) continue;
    if (another !== undefined)
      throw refusal('ValidationError', `The header ${name} has more than one value.`);
    forwarded[name] = sendable(name, value);
  }
  return forwarded;
}

/** Whether a client of the stream route wants server-sent events instead of SageMaker's event stream. */
export function wantsServerSentEvents({ accept = [] }: HeaderLists): boolean {
  return /(^|,)\s*text\/event-stream\s*(;|,|$)/i.test(accept.join());
}

/** Throws TypeError for what no gateway gives in a text's place. */
export function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError();
}

function sendable(name: string, given: string): string {
  const value = textIn(given);
  // RFC 9110 §5.5: visible characters, spaces and tabs; SageMaker's own model says ASCII.
  if (!/^[\t\x20-\x7e]*$/.test(value))
    throw refusal('ValidationError', `The header ${name} is no printable ASCII text.`);
  if (value.length > headerBytesMax)
    throw refusal('ValidationError', `The header ${name} has more than ${headerBytesMax} characters.`);
  return value;
}

/** Of one connection, not of the answer (RFC 9110 §7.6.1), as a server may send them; length and date are the next hop's business. */
const hopByHop = /^(connection|keep-alive|trailer|transfer-encoding|upgrade|content-length|date|server)$/;

/** SageMaker's answer headers, names in lower case. */
export function answeredHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const answered: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    let name = (rawHeaders[index] as string).toLowerCase();
    if (hopByHop.test(name)) continue;
    // API Gateway puts its own in this place.
    if (name === 'x-amzn-requestid') name = 'x-sharemaker-upstream-requestid';
    const value = rawHeaders[index + 1] as string;
    answered[name] = Object.hasOwn(answered, name) ? `${answered[name]}, ${value}` : value;
  }
  return answered;
}
