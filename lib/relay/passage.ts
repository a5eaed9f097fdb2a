/** What is known of one invocation while it lasts. */

import type { Attempts } from './attempts.ts';
import type { Slot } from './concurrency.ts';
import type { RelayRequest } from './request.ts';
import type { SubscriptionRecord } from './subscription.ts';

export interface Passage {
  /** Absent when the event could not be read. */
  request?: RelayRequest;
  readonly attempts: Attempts;
  readonly startedAt: number;
  /** Until the answer's headers are made: all time that was not SageMaker's. */
  relayMs: number;
  subscription?: SubscriptionRecord;
  /** Held until the answer ends. */
  slot?: Slot;
  /** The grant whose stream the answer is: only its end tells the circuit breaker how the endpoint does. */
  streamOf?: string;
  outcome: string;
  status: number;
  bytesOut: number;
}

export function begin(startedAt: number): Passage {
  return {
    attempts: { sent: 0, modelMs: 0 },
    startedAt,
    relayMs: 0,
    outcome: 'ok',
    status: 0,
    bytesOut: 0,
  };
}

/** What the answer says of itself (W3C Server Timing). */
export function timingHeaders(passage: Passage, at: number): Record<string, string> {
  const { attempts } = passage;
  passage.relayMs = Math.max(0, at - passage.startedAt - attempts.modelMs);
  return {
    'server-timing': `relay;dur=${passage.relayMs.toFixed(2)}, model;dur=${attempts.modelMs.toFixed(2)}`,
    ...(attempts.sent > 0 && { 'x-sharemaker-attempts': String(attempts.sent) }),
  };
}
