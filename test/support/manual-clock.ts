/** A clock that stands still until it is told otherwise: sleeping moves it. */
export interface ManualClock {
  now(): number;
  /** What the code under test calls: time passes, nobody waits. */
  sleep(ms: number): Promise<void>;
  /** Something happens every `everyMs` of this clock from now on, wherever the time is spent. Answers how to stop it. */
  every(everyMs: number, happen: () => Promise<void>): () => void;
}

export function createManualClock(startAt: string): ManualClock {
  let now = Date.parse(startAt);
  const habits = new Set<{ at: number; readonly everyMs: number; readonly happen: () => Promise<void> }>();
  let isHappening = false;

  const pass = async (ms: number) => {
    const until = now + ms;
    while (!isHappening) {
      const next = [...habits].sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > until) break;
      now = Math.max(now, next.at);
      next.at += next.everyMs;
      isHappening = true;
      await next.happen().finally(() => {
        isHappening = false;
      });
    }
    now = Math.max(now, until);
  };
  return {
    now: () => now,
    sleep: pass,
    every(everyMs, happen) {
      const habit = { at: now + everyMs, everyMs, happen };
      habits.add(habit);
      return () => void habits.delete(habit);
    },
  };
}
