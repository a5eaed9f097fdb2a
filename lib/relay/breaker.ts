/**
 * A circuit breaker per grant: after failures in a row it stops calling for a while, then lets one call try.
 * Only what the endpoint itself fails at counts; a caller's bad input or a throttle does not.
 */

export interface Breaker {
  /** Undefined: go ahead, and `record` what came of it. Otherwise when to come again. */
  blockedForMs(name: string): number | undefined;
  record(name: string, result: 'failed' | 'answered' | 'unknown'): void;
}

export const failuresUntilOpen = 10;
const openMs = 10_000;
const circuitsMax = 500;

interface Circuit {
  readonly failures: number;
  /** While open: when one call may try. */
  readonly tryAt: number;
  readonly isTrying: boolean;
}

export function createBreaker({ now }: { readonly now: () => number }): Breaker {
  const circuits = new Map<string, Circuit>();
  const set = (name: string, circuit: Circuit) => {
    if (circuits.size >= circuitsMax) circuits.delete(circuits.keys().next().value as string);
    circuits.set(name, circuit);
  };
  return {
    blockedForMs(name) {
      const circuit = circuits.get(name);
      if (!circuit || circuit.failures < failuresUntilOpen) return undefined;
      const waitMs = circuit.tryAt - now();
      if (waitMs > 0) return waitMs;
      if (circuit.isTrying) return 1_000;
      set(name, { ...circuit, isTrying: true });
      return undefined;
    },

    record(name, result) {
      if (result === 'answered') circuits.delete(name);
      const { failures = 0, tryAt = 0 } = circuits.get(name) ?? {};
      if (result === 'failed') set(name, { failures: failures + 1, tryAt: now() + openMs, isTrying: false });
      // The caller left before there was an answer: nothing was learnt, and another may try.
      else if (failures > 0) set(name, { failures, tryAt, isTrying: false });
    },
  };
}
