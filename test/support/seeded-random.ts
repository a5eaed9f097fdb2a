/** Numbers that a seed decides (mulberry32), so that a run can be repeated. */
export interface Random {
  /** At least `min`, below `max`. */
  between(min: number, max: number): number;
  whole(min: number, max: number): number;
  oneOf<T>(choices: readonly [T, ...T[]]): T;
  isLucky(probability: number): boolean;
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (min: number, max: number) => min + next() * (max - min);
  const whole = (min: number, max: number) => Math.floor(between(min, max + 1));
  return {
    between,
    whole,
    oneOf: <T>(choices: readonly [T, ...T[]]) => choices[whole(0, choices.length - 1)] ?? choices[0],
    isLucky: (probability) => next() < probability,
  };
}

/** From the environment where a run is to be repeated; said aloud by whoever uses it. */
export function seedFromEnvironment(): number {
  const given = process.env['SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error('SEED must be a whole number.');
  return seed;
}
