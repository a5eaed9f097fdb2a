/** What counts as proven: the wanted answer several times in a row, because IAM's replicas do not change at once. */

import type { Answer } from './probe.ts';
import { OutOfTime, type Work } from './work.ts';

export const opensInARow = 2;
export const denialsInARow = 3;

const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** Counts equal answers in a row and remembers when the row began. */
interface Tally {
  readonly wanted: Answer;
  readonly needed: number;
  count: number;
  /** Epoch milliseconds of the first answer of the row. */
  since: number | undefined;
}

function tally(wanted: 'allowed' | 'denied'): Tally {
  return { wanted, needed: wanted === 'denied' ? denialsInARow : opensInARow, count: 0, since: undefined };
}

function count(row: Tally, answer: Answer, now: number): void {
  // An unclear answer neither proves nor disproves.
  if (answer === 'unclear') return;
  const isWanted = answer === row.wanted;
  if (!isWanted) row.since = undefined;
  else row.since ??= now;
  row.count = isWanted ? row.count + 1 : 0;
}

function isProven(row: Tally): boolean {
  return row.count >= row.needed;
}

export interface Question {
  ask(): Promise<Answer>;
  /** @param since when the row of wanted answers began, epoch milliseconds */
  onProven(since: number): void;
}

/** Asks until the answer is proven. Throws OutOfTime. Answers when the row began. */
export async function prove(
  work: Work,
  wanted: 'allowed' | 'denied',
  ask: () => Promise<Answer>,
): Promise<number> {
  let began = work.clock.now();
  const onProven = (since: number) => {
    began = since;
  };
  await proveAll(work, wanted, [{ ask, onProven }]);
  return began;
}

/** Asks side by side until every answer is proven; pauses longer and longer. Throws OutOfTime. */
export async function proveAll(
  work: Work,
  wanted: 'allowed' | 'denied',
  questions: readonly Question[],
): Promise<void> {
  const rest = pauses(work);
  let open = questions.map((question) => ({ question, row: tally(wanted) }));
  while (open.length > 0) {
    await Promise.all(
      open.map(async ({ question, row }) => {
        count(row, await question.ask(), work.clock.now());
        if (isProven(row)) question.onProven(row.since ?? work.clock.now());
      }),
    );
    open = open.filter(({ row }) => !isProven(row));
    if (open.length === 0) return;
    if (open.some(({ row }) => row.count > 0)) await rest.briefly();
    else await rest();
  }
}

/**
 * Throws OutOfTime rather than sleep beyond the deadline. Renews the lease after every rest, so that a request which came
 * meanwhile ends the waiting (LostLease).
 */
export function pauses(
  work: Pick<Work, 'clock' | 'deadlineAt' | 'checkpoint'>,
): (() => Promise<void>) & { briefly(): Promise<void> } {
  let pauseMs = firstPauseMs;
  const pause = async (ms: number) => {
    if (work.clock.now() + ms >= work.deadlineAt) throw new OutOfTime();
    await work.clock.sleep(ms);
    await work.checkpoint();
  };
  const rest = async () => {
    await pause(pauseMs);
    pauseMs = Math.min(longestPauseMs, pauseMs * 1.5);
  };
  return Object.assign(rest, { briefly: () => pause(firstPauseMs) });
}
