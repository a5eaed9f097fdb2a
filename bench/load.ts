/** The same call again and again, so many at a time, and what that cost this process. */

import { quantile } from './rounds.ts';

export interface LoadTask {
  readonly count: number;
  readonly concurrency: number;
}

export interface Load {
  /** CPU of this process, user and system. */
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Throws what `call` throws. */
export async function load(call: () => Promise<void>, { count, concurrency }: LoadTask): Promise<Load> {
  const latenciesMs: number[] = [];
  let begun = 0;
  const callInTurn = async () => {
    while (begun < count) {
      begun += 1;
      const sentAt = performance.now();
      await call();
      latenciesMs.push(performance.now() - sentAt);
    }
  };
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, callInTurn));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    cpuUs: (user + system) / count,
    perSecond: count / seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
}
