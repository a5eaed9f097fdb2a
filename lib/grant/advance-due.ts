import { type GrantRecord, isSettled } from './grant.ts';
import { advance, type Broker } from './lifecycle.ts';

/** How many grants are moved side by side: IAM throttles an account, not a caller. */
const sideBySide = 4;
const pageSize = 100;

export interface AdvanceResult {
  readonly looked: number;
  readonly settled: number;
  readonly waiting: number;
  readonly failed: number;
  /** For how long the grant that has waited longest has been asked for what is not proven yet; 0 when none waits. */
  readonly oldestSeconds: number;
}

/** Moves every grant that is due, the longest waiting first, each once, until none is left or the time is over. */
export async function advanceDue(broker: Broker, deadlineAt: number): Promise<AdvanceResult> {
  const seen = new Set<string>();
  const result = { looked: 0, settled: 0, waiting: 0, failed: 0, oldestSeconds: 0 };
  for (;;) {
    const page = await broker.store.due(broker.clock.now(), pageSize + seen.size);
    const fresh = page.filter((id) => !seen.has(id));
    if (fresh.length === 0) return result;
    let left = fresh.length;
    const queue = fresh[Symbol.iterator]();
    const work = async () => {
      for (const id of queue) {
        if (broker.clock.now() >= deadlineAt) return;
        seen.add(id);
        result.looked++;
        const turns = Math.ceil(left-- / sideBySide);
        try {
          const record = await advance(id, broker, endOfTurn(deadlineAt, turns, broker));
          result[isSettled(record) ? 'settled' : 'waiting']++;
          result.oldestSeconds = Math.max(result.oldestSeconds, unfinishedSeconds(record, broker));
        } catch {
          result.failed++; // One grant that cannot be read must not stop the others; it stays due.
        }
      }
    };
    await Promise.all(Array.from({ length: sideBySide }, work));
    if (broker.clock.now() >= deadlineAt) return result;
  }
}

function unfinishedSeconds(record: GrantRecord, { clock }: Broker): number {
  if (isSettled(record)) return 0;
  return Math.round((clock.now() - Date.parse(record.pending?.since ?? record.updatedAt)) / 1000);
}

/** One slow proof may take no more than its turn, so that all have one. */
function endOfTurn(deadlineAt: number, turns: number, { clock }: Broker): number {
  const now = clock.now();
  return Math.min(deadlineAt, now + Math.max(1_000, (deadlineAt - now) / turns));
}
