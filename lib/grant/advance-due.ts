import { isSettled } from './grant.ts';
import { advance, type Broker } from './lifecycle.ts';

/** How many grants are moved side by side: IAM throttles an account, not a caller. */
const sideBySide = 4;
const pageSize = 100;

export interface AdvanceResult {
  readonly looked: number;
  readonly settled: number;
  readonly waiting: number;
  readonly failed: number;
}

/** Moves every grant that is due, the longest waiting first, each once, until none is left or the time is over. */
export async function advanceDue(broker: Broker, deadlineAt: number): Promise<AdvanceResult> {
  const seen = new Set<string>();
  const result = { looked: 0, settled: 0, waiting: 0, failed: 0 };
  for (;;) {
    const page = await broker.store.due(broker.clock.now(), pageSize + seen.size);
    const fresh = page.filter((id) => !seen.has(id));
    if (fresh.length === 0) return result;
    const queue = fresh[Symbol.iterator]();
    const work = async () => {
      for (const id of queue) {
        if (broker.clock.now() >= deadlineAt) return;
        seen.add(id);
        result.looked++;
        try {
          const record = await advance(
            id,
            broker,
            Math.min(deadlineAt, broker.clock.now() + shareOf(deadlineAt, broker)),
          );
          result[isSettled(record) ? 'settled' : 'waiting']++;
        } catch {
          result.failed++; // One grant that cannot be read must not stop the others; it stays due.
        }
      }
    };
    await Promise.all(Array.from({ length: sideBySide }, work));
    if (broker.clock.now() >= deadlineAt) return result;
  }
}

/** One slow proof may take half of what is left, so that others have their turn. */
function shareOf(deadlineAt: number, broker: Broker): number {
  return Math.max(1_000, (deadlineAt - broker.clock.now()) / 2);
}
