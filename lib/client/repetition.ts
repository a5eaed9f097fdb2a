/** When to send a request again, and after how long. Pure. */

import { ClientProblem } from './client-problem.ts';

const basePauseMs = 200;
const pauseMsMax = 5_000;

/**
 * API Gateway says 429 before any of our code ran, so that may always be sent again. A 502, 503 or 504 (of the child's API
 * 530), a timeout or a broken connection leaves open what was done: only what may be done twice is sent again.
 */
export function isWorthRepeating(
  outcome: { readonly status: number } | ClientProblem,
  mayRepeat: boolean,
): boolean {
  if (outcome instanceof ClientProblem)
    return mayRepeat && (outcome.code === 'client.timeout' || outcome.code === 'client.unreachable');
  return outcome.status === 429 || (mayRepeat && [502, 503, 504, 530].includes(outcome.status));
}

/** Exponential, with full jitter, so that many clients do not come back at once. @param random 0 to 1 */
export function pauseMs(attempt: number, random: number): number {
  return Math.round(random * Math.min(pauseMsMax, basePauseMs * 2 ** attempt));
}
