/** When an inference may be sent again, and after how long. Pure. */

/**
 * Answers after which the model certainly did not run: refused at the door, still loading, or no instance took it.
 * Everything else (500, 424, 530, a broken connection) may have run, and a POST inference must not run twice.
 */
export function certainlyDidNotRun(errorCode: string): boolean {
  return /^(Throttling|ServiceUnavailable|ModelNotReady)(Exception)?$/.test(errorCode);
}

/** Answers that a stale session explains, or IAM's slow propagation. */
export function mayBeStaleAccess(errorCode: string): boolean {
  return /^((ExpiredToken|AccessDenied|UnrecognizedClient)(Exception)?|Invalid(ClientTokenId|AccessKeyId|Token))$/.test(
    errorCode,
  );
}

export const attemptsMax = 3;
const firstPauseMs = 100;
const pauseMsMax = 2_000;

/** Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): anything up to a doubling bound. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.ceil(random() * Math.min(pauseMsMax, firstPauseMs * 2 ** (attempt - 1)));
}
