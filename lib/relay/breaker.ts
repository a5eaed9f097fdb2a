/**
 * A circuit breaker per grant: after failures in a row it stops calling for a while, then lets one call try.
 * Only what the endpoint itself fails at counts; a caller's bad input or a throttle does not.
 */

import { remembered } from './remembered.ts';

export interface Breaker {
  /** Undefined: go ahead, and `record` what came of it. Otherwise when to come again, which is never 0. */
  blockedForMs(name: string): number | undefined;
  record(name: string, result: 'failed' | 'answered' | 'unknown'): void;
}

export const failuresUntilOpen = 10;
const openMs = 10_000;
const circuitsMax = 500;

interface Circuit {
  failures: number;
  /** While open: when one call may try. */
  tryAt: number;
  isTrying: boolean;
}

export function createBreaker({ now }: { readonly now: () => number }): Breaker {
  const circuits = new Map<string, Circuit>();
  return {
    blockedForMs(name) {
      const circuit = circuits.get(name);
      if (!circuit || circuit.failures < failuresUntilOpen) return undefined;
      const waitMs = circuit.tryAt - now();
      if (waitMs > 0) return waitMs;
      if (circuit.isTrying) return 1_000;
      circuit.isTrying = true;
      return undefined;
    },

    record(name, result) {
      if (result === 'answered') circuits.delete(name);
      const circuit =
        result === 'failed'
          ? remembered(circuits, name, () => ({ failures: 0, tryAt: 0, isTrying: false }), circuitsMax)
          : circuits.get(name);
      if (!circuit) return;
      // Even where the caller left before there was an answer: nothing was learnt, and another may try.
      circuit.isTrying = false;
      if (result === 'unknown') return;
      circuit.failures += 1;
      circuit.tryAt = now() + openMs;
    },
  };
}
