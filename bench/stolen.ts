/** How much processor time this machine wanted and did not get, because its host gave it to other machines. */

import { readFileSync } from 'node:fs';

/** In ticks since the machine started. */
export interface ProcessorTime {
  readonly used: number;
  readonly stolen: number;
}

/** Of all processors. Only Linux tells; elsewhere nothing counts as stolen. */
export function processorTime(): ProcessorTime {
  try {
    return readProcStat(readFileSync('/proc/stat', 'latin1'));
  } catch {
    return { used: 0, stolen: 0 };
  }
}

/** @param text of /proc/stat, whose first line sums up all processors (proc_stat(5)) */
export function readProcStat(text: string): ProcessorTime {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] =
    /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number) ?? [];
  return { used: user + nice + system + irq + softirq, stolen };
}

/** The stolen share of what was wanted in between: 0 to 1. */
export function stolenShare(before: ProcessorTime, after: ProcessorTime): number {
  const stolen = after.stolen - before.stolen;
  const wanted = after.used - before.used + stolen;
  return wanted > 0 ? stolen / wanted : 0;
}
