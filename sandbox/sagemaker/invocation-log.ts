/** Which invocations reached a model. It is how a test knows that one ran once, or never. */

import type { Clock } from '../types.ts';
import type { Endpoint } from './endpoints.ts';
import type { Invocation } from './invocation.ts';
import type { InvocationMode } from './invocation-headers.ts';

export interface InvocationRecord {
  /** ISO 8601, by the sandbox's clock. */
  readonly at: string;
  readonly requestId: string;
  readonly accountId: string;
  readonly endpointName: string;
  readonly mode: InvocationMode;
  /** Who called; never what was sent. */
  readonly callerArn: string;
  readonly inferenceId?: string;
  /** Which members of the API the request had: their names only. */
  readonly members: readonly string[];
}

export interface InvocationLog {
  /** Oldest first; the newest 10,000. */
  readonly records: readonly InvocationRecord[];
  add(invocation: Invocation, endpoint: Endpoint): void;
}

export function createInvocationLog(clock: Clock): InvocationLog {
  const records: InvocationRecord[] = [];
  return {
    records,
    add({ mode, input, request }, { accountId, name }) {
      records.push({
        at: new Date(clock.now()).toISOString(),
        requestId: request.id,
        accountId,
        endpointName: name,
        mode,
        callerArn: request.caller.arn,
        ...(input.inferenceId !== undefined && { inferenceId: input.inferenceId }),
        members: Object.keys(input),
      });
      if (records.length > recordsMax) records.shift();
    },
  };
}

const recordsMax = 10_000;
