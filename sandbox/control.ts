import type { SandboxClock } from './clock.ts';
import { ControlError } from './control-error.ts';
import type { ControlCall, ControlRoutes, Iam } from './types.ts';

/** A century: far enough for every test of expiry, near enough to stay a valid date. */
const advanceMaxSeconds = 100 * 365 * 86_400;
/** AWS speaks of "a few minutes". */
const lagMaxSeconds = 3_600;
const lastUsedLagMaxSeconds = 86_400;

/** Time and the slowness of IAM, over HTTP. */
export function timeRoutes(
  clock: SandboxClock,
  iam: Pick<Iam, 'setLag' | 'setReadLag' | 'setLastUsedLag'>,
): ControlRoutes {
  return {
    'GET /clock': () => ({ now: new Date(clock.now()).toISOString() }),
    'POST /clock': (call) => {
      const { advanceSeconds } = numbersOf(call, ['advanceSeconds'], advanceMaxSeconds);
      return { now: new Date(clock.advance(advanceSeconds! * 1000)).toISOString() };
    },
    'POST /lag': (call) => {
      const lag = numbersOf(call, ['seconds', 'readSeconds'], lagMaxSeconds);
      if (lag.seconds !== undefined) iam.setLag(lag.seconds);
      if (lag.readSeconds !== undefined) iam.setReadLag(lag.readSeconds);
      return lag;
    },
    'POST /last-used-lag': (call) => {
      const { seconds } = numbersOf(call, ['seconds'], lastUsedLagMaxSeconds);
      iam.setLastUsedLag(seconds!);
      return { seconds };
    },
  };
}

/** At least one of the fields, each a number from 0 to `max`. */
function numbersOf<Field extends string>(
  { body }: ControlCall,
  fields: readonly Field[],
  max: number,
): Partial<Record<Field, number>> {
  const names = Object.keys(body);
  const shown = fields.map((field) => `"${field}": …`).join(', ');
  const unknown = names.find((name) => !(fields as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new ControlError(`"${unknown}" is unknown here; the body is { ${shown} }.`);
  for (const name of names.length > 0 ? names : fields) {
    const value = body[name];
    if (!(typeof value === 'number' && value >= 0 && value <= max))
      throw new ControlError(`"${name}" must be a number from 0 to ${max}.`);
  }
  return body as Partial<Record<Field, number>>;
}
