/**
 * One invocation, sent as often as is safe: again only where the model certainly did not run, and once more where a
 * stale session or slow IAM explains the refusal. Everything that happens here is visible in `sent` and `modelMs`.
 */

import type { SessionCredentials } from './credentials.ts';
import { HttpFailure } from './http.ts';
import { answerWithinMs } from './limits.ts';
import type { Renew } from './renewal.ts';
import type { RelayRequest } from './request.ts';
import { attemptsMax, backoffMs, certainlyDidNotRun, mayBeStaleAccess } from './retry.ts';
import type { CallRuntime, RuntimeAnswer } from './runtime.ts';
import type { Sessions } from './session.ts';
import type { SubscriptionRecord } from './subscription.ts';

/** What a session is taken for. */
export interface SessionKey {
  readonly subscription: SubscriptionRecord;
  readonly sourceIdentity?: string | undefined;
}

export interface Attempts {
  /** Requests sent to SageMaker. */
  sent: number;
  /** Waiting for SageMaker, in all attempts together. */
  modelMs: number;
}

export interface AttemptsOptions {
  readonly sessions: Sessions<SessionKey>;
  readonly runtime: CallRuntime;
  readonly renew: Renew;
  readonly now: () => number;
  /** Milliseconds, finer than a date. */
  readonly timer: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/**
 * Answers SageMaker's last answer. Throws HttpFailure when SageMaker gave none, Refusal when there was no session to
 * ask it with. Counts into `attempts`.
 */
export async function sendUntilAnswered(
  request: RelayRequest,
  firstKey: SessionKey,
  headers: Readonly<Record<string, string>>,
  attempts: Attempts,
  options: AttemptsOptions,
): Promise<RuntimeAnswer> {
  const { sessions, now, wait, random } = options;
  let key = firstKey;
  let hasRenewed = false;

  const mayPause = async (): Promise<boolean> => {
    if (attempts.sent >= attemptsMax) return false;
    const pauseMs = backoffMs(attempts.sent, random);
    if (now() + pauseMs >= request.deadlineAt || request.departure.isGone) return false;
    await wait(pauseMs);
    return true;
  };

  for (;;) {
    const { subscription } = key;
    const credentials = await sessions.get(key);
    let result: RuntimeAnswer;
    try {
      result = await sendOnce(request, subscription, credentials, headers, attempts, options);
    } catch (error) {
      if (error instanceof HttpFailure && error.kind === 'unreachable' && (await mayPause())) continue;
      throw error;
    }
    if (result.kind !== 'error') return result;
    if (certainlyDidNotRun(result.errorCode)) {
      if (await mayPause()) continue;
      return result;
    }
    if (hasRenewed || !mayBeStaleAccess(result.errorCode)) return result;
    hasRenewed = true;
    sessions.forget(key, credentials);
    const renewed = await options.renew(subscription);
    if (renewed) key = { ...key, subscription: renewed };
    if (!(await mayPause())) return result;
  }
}

async function sendOnce(
  request: RelayRequest,
  subscription: SubscriptionRecord,
  credentials: SessionCredentials,
  headers: Readonly<Record<string, string>>,
  attempts: Attempts,
  { runtime, now, timer }: AttemptsOptions,
): Promise<RuntimeAnswer> {
  const startedAt = timer();
  attempts.sent += 1;
  try {
    return await runtime({
      mode: request.mode,
      endpoint: subscription.endpoint,
      headers,
      body: request.body,
      credentials,
      timeoutMs: Math.max(1, Math.min(answerWithinMs[request.mode], request.deadlineAt - now())),
      departure: request.departure,
    });
  } finally {
    attempts.modelMs += timer() - startedAt;
  }
}
