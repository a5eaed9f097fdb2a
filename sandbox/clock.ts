import type { Clock } from './types.ts';

/** The sandbox's clock: the real one plus what it was advanced by. It never goes back. */
export interface SandboxClock extends Clock {
  /** The milliseconds added so far, as one shared BigInt64: workers read their time from it. */
  readonly offset: SharedArrayBuffer;
  /** Answers the new now. @throws RangeError for a step back. */
  advance(ms: number): number;
  onAdvance(listener: () => void): void;
}

export function createClock(): SandboxClock {
  const offset = new SharedArrayBuffer(8);
  const added = new BigInt64Array(offset);
  const listeners: (() => void)[] = [];
  const now = () => Date.now() + Number(Atomics.load(added, 0));
  return {
    now,
    offset,
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError('The clock only goes forward.');
      Atomics.add(added, 0, BigInt(Math.round(ms)));
      for (const listener of listeners) listener();
      return now();
    },
    onAdvance: (listener) => void listeners.push(listener),
  };
}
