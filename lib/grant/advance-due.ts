import { dueAt, type GrantRecord, isSettled } from './grant.ts';
import type { DueShard } from './grant-item.ts';
import type { PageKey } from './grant-store.ts';
import { advance, type Broker } from './lifecycle.ts';

/** How many grants are moved side by side: IAM throttles an account, not a caller. */
const sideBySide = 4;

/** Whose access is to be shut comes first. */
const shards: readonly DueShard[] = ['shut', 'due'];

export interface AdvanceResult {
  readonly looked: number;
  readonly settled: number;
  readonly waiting: number;
  readonly failed: number;
  /** For how long the grant that has waited longest has been asked for what is not proven yet; 0 when none waits. */
  readonly oldestSeconds: number;
}

/**
 * Moves every grant that is due now, the longest waiting first, each once, until none is left or the time is over. What others
 * are moving comes last: a live request needs no help, and only whoever died holding a lease is waited for.
 */
export async function advanceDue(broker: Broker, deadlineAt: number): Promise<AdvanceResult> {
  const { clock, store } = broker;
  const startedAt = clock.now();
  const result = { looked: 0, settled: 0, waiting: 0, failed: 0, oldestSeconds: 0 };

  const held = new Map<string, GrantRecord>();

  const count = (record: GrantRecord) => {
    result.looked++;
    result[isSettled(record) ? 'settled' : 'waiting']++;
    result.oldestSeconds = Math.max(result.oldestSeconds, unfinishedSeconds(record, broker));
  };

  const advanceAll = async (ids: readonly string[], ifHeld: 'wait' | 'leave') => {
    let left = ids.length;
    const queue = ids[Symbol.iterator]();
    const work = async () => {
      for (const id of queue) {
        if (clock.now() >= deadlineAt) return;
        held.delete(id);
        const turns = Math.ceil(left-- / sideBySide);
        try {
          const record = await advance(id, broker, endOfTurn(deadlineAt, turns, broker), { ifHeld });
          // Whoever moves one puts it off, if only for seconds.
          const isHeld = (dueAt(record) ?? Number.POSITIVE_INFINITY) <= startedAt;
          if (ifHeld === 'leave' && isHeld) held.set(id, record);
          else count(record);
        } catch {
          result.looked++;
          result.failed++; // One grant that cannot be read must not stop the others; it stays due.
        }
      }
    };
    await Promise.all(Array.from({ length: sideBySide }, work));
  };

  let walks: readonly { readonly shard: DueShard; readonly from?: PageKey }[] = shards.map((shard) => ({
    shard,
  }));
  while (walks.length > 0 && clock.now() < deadlineAt) {
    // What is put off comes back later than `startedAt`, so a walk does not meet it again.
    const pages = await Promise.all(walks.map(({ shard, from }) => store.due(shard, startedAt, from)));
    await advanceAll(
      pages.flatMap(({ ids }) => ids),
      'leave',
    );
    walks = walks.flatMap(({ shard }, index) => {
      const from = pages[index]?.next;
      return from ? [{ shard, from }] : [];
    });
  }
  await advanceAll([...held.keys()], 'wait');
  for (const record of held.values()) count(record);
  return result;
}

function unfinishedSeconds(record: GrantRecord, { clock }: Broker): number {
  if (isSettled(record)) return 0;
  return Math.round((clock.now() - Date.parse(record.pending?.since ?? record.updatedAt)) / 1000);
}

/** Long enough for all calls of an end while AWS is slow: a grant whose every turn is too short would never get there. */
const turnMsMin = 15_000;

/** One slow proof may take no more than its turn; whoever had none stands before it in the next run. */
function endOfTurn(deadlineAt: number, turns: number, { clock }: Broker): number {
  const now = clock.now();
  return Math.min(deadlineAt, now + Math.max(turnMsMin, (deadlineAt - now) / turns));
}
