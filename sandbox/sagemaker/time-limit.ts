/** A signal that aborts with its parent or when the time is up, and says which. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  readonly isExpired: () => boolean;
  /** Must be called: until then the timer is held. */
  end(): void;
}

export function startTimeLimit(ms: number, parent: AbortSignal): TimeLimit {
  const controller = new AbortController();
  let isExpired = false;
  const timer = setTimeout(() => {
    isExpired = true;
    controller.abort(new Error('The time is up.'));
  }, ms);
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    isExpired: () => isExpired,
    end() {
      clearTimeout(timer);
      parent.removeEventListener('abort', follow);
    },
  };
}

/** The promise, or the signal's reason as soon as it aborts, even if nobody behind the promise listens to it. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    promise.catch(() => undefined);
  }
}
