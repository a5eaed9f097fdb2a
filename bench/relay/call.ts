/** What the processes that call an endpoint are asked to do, each its own way. */

import type { LoadTask } from '../load.ts';

export interface CallTask extends LoadTask {
  /** As the stub reads it: `echo-0ms`. */
  readonly endpoint: string;
  readonly bodyBytes: number;
}

/** Throws Error: an answer that is not the body again is not an invocation, and must not be measured. */
export function checkEcho(
  sentBytes: number,
  status: number | undefined,
  receivedBytes: number | undefined,
): void {
  if (status !== 200 || receivedBytes !== sentBytes)
    throw new Error(`Answered ${status} with ${receivedBytes} bytes instead of 200 with ${sentBytes}.`);
}
