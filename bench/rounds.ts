/** All sides of a comparison, side by side: whatever disturbs the machine disturbs each of them. */

/**
 * Measures every side once per round, the order turning from round to round, after one round that warms up and is not
 * counted.
 */
export async function interleave<Name extends string, Sample>(
  sides: Readonly<Record<Name, () => Promise<Sample>>>,
  rounds: number,
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(sides) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Sample[]>;
  for (const name of names) await sides[name]();
  for (let round = 0; round < rounds; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) samples[name].push(await sides[name]());
  return samples;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which `share` of the others lie; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** The median of the ratios of each round, so that a disturbed round counts once and not twice. */
export function medianRatio<Sample>(
  over: readonly Sample[],
  under: readonly Sample[],
  read: (sample: Sample) => number,
): number {
  return median(over.map((sample, round) => read(sample) / read(under[round] as Sample)));
}

export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
