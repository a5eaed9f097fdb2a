/** What is known of one invocation while it lasts, and the line of usage that remains of it. */

import type { Attempts } from './attempts.ts';
import type { RelayRequest } from './request.ts';
import type { RuntimeAnswer } from './runtime.ts';
import type { SubscriptionRecord } from './subscription.ts';
import type { Usage } from './usage.ts';

export interface Passage {
  readonly request: RelayRequest;
  readonly attempts: Attempts;
  readonly startedAt: number;
  /** Until the answer's headers are made: all time that was not SageMaker's. */
  relayMs: number;
  subscription: SubscriptionRecord | undefined;
  release: (() => Promise<void>) | undefined;
  outcome: string;
  status: number;
  bytesOut: number;
}

export function begin(request: RelayRequest, startedAt: number): Passage {
  return {
    request,
    attempts: { sent: 0, modelMs: 0 },
    startedAt,
    relayMs: 0,
    subscription: undefined,
    release: undefined,
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

export function usageOf(passage: Passage, endedAt: number): Usage {
  const { request, subscription, attempts } = passage;
  return {
    ...(subscription && { alias: subscription.alias, grantId: subscription.grantId }),
    mode: request.route,
    caller: request.caller,
    bytesIn: request.body.length,
    bytesOut: passage.bytesOut,
    relayMs: passage.relayMs,
    // A stream's time is the model's until its last byte.
    modelMs: attempts.sent > 0 ? endedAt - passage.startedAt - passage.relayMs : 0,
    attempts: attempts.sent,
    outcome: passage.outcome,
    status: passage.status,
  };
}

const outcomes: Readonly<Record<string, string>> = {
  ModelError: 'model-error',
  ThrottlingException: 'throttled',
  Throttling: 'throttled',
  ModelNotReadyException: 'throttled',
  AccessDeniedException: 'denied',
  AccessDenied: 'denied',
  ExpiredTokenException: 'denied',
};

/** How the metrics count SageMaker's answer. */
export function outcomeOf(answer: RuntimeAnswer): string {
  if (answer.kind !== 'error') return 'ok';
  return outcomes[answer.errorCode] ?? (answer.status >= 500 ? 'failed' : 'refused');
}
