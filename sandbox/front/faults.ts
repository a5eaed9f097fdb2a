import { ControlError } from '../control-error.ts';
import type { AwsError, Fault } from '../types.ts';
import { type Protocol, protocolOf } from './refusals.ts';

/** Faults that were ordered and not yet met. Deterministic: a fault strikes at its nth matching call, once. */
export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  /**
   * Counts a call against every fault that matches it. Of several that are due at the same call the oldest
   * strikes; the others are spent with it.
   */
  next(service: string, operation: string): Fault['fault'] | undefined;
}

export function createFaults(): Faults {
  let pending: { readonly fault: Fault; left: number }[] = [];
  return {
    add(fault) {
      if (pending.length >= pendingMax) throw new ControlError(`At most ${pendingMax} faults may wait.`);
      pending.push({ fault, left: fault.nth });
    },
    clear: () => {
      pending = [];
    },
    next(service, operation) {
      const matching = pending.filter(({ fault }) => matches(fault, service, operation));
      for (const each of matching) each.left -= 1;
      const due = matching.filter(({ left }) => left === 0);
      if (due.length > 0) pending = pending.filter(({ left }) => left > 0);
      return due[0]?.fault.fault;
    },
  };
}

/**
 * @param services that there are: a fault of any other would wait for ever
 * @throws ControlError naming the member that is wrong.
 */
export function readFault(body: Readonly<Record<string, unknown>>, services: readonly string[]): Fault {
  const { service, operation, nth = 1, fault } = body;
  if (service !== '*' && !services.includes(service as string))
    throw new ControlError(`"service" must be one of ${services.join(', ')}, or "*".`);
  if (typeof operation !== 'string' || !/^(\*|[\w-]{1,128})$/.test(operation))
    throw new ControlError('"operation" must be a name such as "CreateRole", or "*".');
  if (typeof nth !== 'number' || !Number.isInteger(nth) || nth < 1 || nth > nthMax)
    throw new ControlError(`"nth" must be an integer from 1 to ${nthMax}.`);
  if (!kinds.includes(fault as Fault['fault']))
    throw new ControlError(`"fault" must be one of ${kinds.join(', ')}.`);
  return { service: String(service), operation, nth, fault: fault as Fault['fault'] };
}

/** The refusal of a throttled or failing service, in the code that its clients know and retry. */
export function faultError(
  kind: 'throttle' | 'error',
  service: string,
  headers: Readonly<Record<string, string>>,
): AwsError {
  const table = kind === 'throttle' ? throttles : failures;
  const [code, status, message] = table[service] ?? table[protocolOf(service, headers)];
  return { code, status, message };
}

function matches(fault: Fault, service: string, operation: string): boolean {
  return isOrAny(fault.service, service) && isOrAny(fault.operation, operation);
}

function isOrAny(pattern: string, name: string): boolean {
  return pattern === '*' || pattern === name;
}

type Answer = readonly [code: string, status: number, message: string];
type Table = Readonly<Record<Protocol, Answer>> & { readonly [service: string]: Answer | undefined };

const throttles: Table = {
  query: ['Throttling', 400, 'Rate exceeded'],
  json: ['ThrottlingException', 400, 'Rate exceeded'],
  restJson: ['ThrottlingException', 400, 'Rate exceeded'],
  apiGateway: ['TooManyRequestsException', 429, 'Too Many Requests'],
  s3: ['SlowDown', 503, 'Please reduce your request rate.'],
};

const failures: Table = {
  query: ['InternalFailure', 500, 'The request processing has failed because of an unknown error.'],
  json: ['InternalFailure', 500, 'The request processing has failed because of an unknown error.'],
  restJson: ['InternalFailure', 500, 'An internal failure occurred. Try your request again.'],
  apiGateway: ['InternalServerErrorException', 500, 'Internal server error'],
  s3: ['InternalError', 500, 'We encountered an internal error. Please try again.'],
  iam: ['ServiceFailure', 500, 'The request processing has failed because of an unknown error.'],
  sns: ['InternalError', 500, 'An internal error occurred.'],
  dynamodb: ['InternalServerError', 500, 'Internal server error'],
  events: ['InternalException', 500, 'An internal error occurred.'],
};

const kinds: readonly Fault['fault'][] = ['throttle', 'error', 'timeout', 'lost-reply', 'crash'];
const pendingMax = 1000;
const nthMax = 1_000_000;
