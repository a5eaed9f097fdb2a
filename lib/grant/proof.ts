/** What counts as proven: the wanted answer several times in a row, because IAM's replicas do not change at once. */

import type { Answer } from './probe.ts';
import { OutOfTime, type Work } from './work.ts';

export const opensInARow = 2;
export const denialsInARow = 3;

const firstPauseMs = 100;
const longestPauseMs = 2_000;

export interface Question {
  readonly wanted: 'allowed' | 'denied';
  ask(): Promise<Answer>;
}

/** Equal answers in a row, and when the row began. */
interface Row {
  readonly question: Question;
  count: number;
  /** Epoch milliseconds. */
  since: number;
}

/**
 * Asks side by side, in pauses that grow, until every question has its wanted answer often enough in a row, all of them at
 * once: an answer that turns meanwhile begins its row anew. Answers when each row began. Throws OutOfTime.
 */
export async function prove(work: Work, ...questions: readonly Question[]): Promise<number[]> {
  const rest = pauses(work);
  const rows = questions.map((question): Row => ({ question, count: 0, since: 0 }));
  for (;;) {
    await Promise.all(
      rows.map(async (row) => {
        const answer = await row.question.ask();
        count(row, answer, work.clock.now());
      }),
    );
    if (rows.every(isProven)) return rows.map(({ since }) => since);
    if (rows.some((row) => row.count > 0 && !isProven(row))) await rest.briefly();
    else await rest();
  }
}

function count(row: Row, answer: Answer, now: number): void {
  // An unclear answer neither proves nor disproves.
  if (answer === 'unclear') return;
  if (answer !== row.question.wanted) row.count = 0;
  else if (row.count++ === 0) row.since = now;
}

function isProven({ question, count }: Row): boolean {
  return count >= (question.wanted === 'denied' ? denialsInARow : opensInARow);
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
