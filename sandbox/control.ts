import type { SandboxClock } from './clock.ts';
import { ControlError } from './control-error.ts';
import type { ControlCall, ControlRoutes, Iam } from './types.ts';

/** A century: far enough for every test of expiry, near enough to stay a valid date. */
const advanceMaxSeconds = 100 * 365 * 86_400;
/** AWS speaks of "a few minutes". */
const lagMaxSeconds = 3_600;
const lastUsedLagMaxSeconds = 86_400;

/** Time and the slowness of IAM, over HTTP. */
export function timeRoutes(clock: SandboxClock, iam: Pick<Iam, 'setLag' | 'setLastUsedLag'>): ControlRoutes {
  return {
    'GET /clock': () => ({ now: new Date(clock.now()).toISOString() }),
    'POST /clock': (call) => {
      const seconds = numberOf(call, 'advanceSeconds', advanceMaxSeconds);
      return { now: new Date(clock.advance(seconds * 1000)).toISOString() };
    },
    'POST /lag': (call) => {
      const seconds = numberOf(call, 'seconds', lagMaxSeconds);
      iam.setLag(seconds);
      return { seconds };
    },
    'POST /last-used-lag': (call) => {
      const seconds = numberOf(call, 'seconds', lastUsedLagMaxSeconds);
      iam.setLastUsedLag(seconds);
      return { seconds };
    },
  };
}

function numberOf({ body }: ControlCall, field: string, max: number): number {
  const value = body[field];
  const unknown = Object.keys(body).find((name) => name !== field);
  if (unknown !== undefined)
    throw new ControlError(`"${unknown}" is unknown here; the body is { "${field}": … }.`);
  if (typeof value === 'number' && value >= 0 && value <= max) return value;
  throw new ControlError(`"${field}" must be a number from 0 to ${max}.`);
}
