/** Time, chance and the log of a running Lambda; tests bring their own. */

import type { Environment } from './aws-endpoints.ts';
import { together } from './turn.ts';

export interface Surroundings {
  readonly environment: Environment;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds, finer than a date. */
  readonly timer: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
  /** One line to the log. What it answers settles when the line has left; Lambda may freeze the environment after that. */
  readonly print: (line: string) => unknown;
}

export function lambdaSurroundings(): Surroundings {
  return {
    environment: process.env,
    // Looked up at each call: the clock may be set.
    now: () => Date.now(),
    timer: () => performance.now(),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: Math.random,
    print: printTogether((lines) => process.stdout.write(lines)),
  };
}

/** Lines of one turn of the event loop leave in one write, and with whatever else leaves then. */
export function printTogether(write: (lines: string) => unknown): Surroundings['print'] {
  let lines = '';
  let leaving: Promise<unknown> | undefined;
  return (line) => {
    lines += `${line}\n`;
    leaving ??= new Promise<void>(together).then(() => {
      const all = lines;
      lines = '';
      leaving = undefined;
      write(all);
    });
    return leaving;
  };
}
