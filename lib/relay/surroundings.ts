/** Time, chance and the log of a running Lambda; tests bring their own. */

import type { Environment } from './aws-endpoints.ts';

export interface Surroundings {
  readonly environment: Environment;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds, finer than a date. */
  readonly timer: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
  /** One line to the log. */
  readonly print: (line: string) => void;
}

export function lambdaSurroundings(): Surroundings {
  return {
    environment: process.env,
    // Looked up at each call: the clock may be set.
    now: () => Date.now(),
    timer: () => performance.now(),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: Math.random,
    print: (line) => process.stdout.write(`${line}\n`),
  };
}
