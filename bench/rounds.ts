/** All sides of a comparison, side by side: whatever disturbs the machine disturbs each of them. */

import { type ProcessorTime, processorTime, stolenShare } from './stolen.ts';

/** Rounds in which the host gave more of the wanted processor time to others are measured again. */
const stolenMost = 0.1;
/** At most so many times as many rounds as asked for: some hosts are never quiet. */
const moreRoundsMost = 2;

export interface Round<Sample> {
  readonly sample: Sample;
  /** The share of the wanted processor time that other machines took meanwhile. */
  readonly stolen: number;
  /** Of as many rounds as were asked for; the others were disturbed more. */
  readonly counts: boolean;
}

/** Measures until enough rounds were left in peace, or too many were not; those count that were disturbed least. */
export async function inPeace<Sample>(
  rounds: number,
  measure: (round: number) => Promise<Sample>,
  readTime: () => ProcessorTime = processorTime,
): Promise<Round<Sample>[]> {
  const measured: Omit<Round<Sample>, 'counts'>[] = [];
  const undisturbed = () => measured.filter(({ stolen }) => stolen <= stolenMost).length;
  while (undisturbed() < rounds && measured.length < rounds * moreRoundsMost) {
    const before = readTime();
    const sample = await measure(measured.length);
    measured.push({ sample, stolen: stolenShare(before, readTime()) });
  }
  const least = new Set(measured.toSorted((a, b) => a.stolen - b.stolen).slice(0, rounds));
  return measured.map((round) => ({ ...round, counts: least.has(round) }));
}

/** The samples of the rounds that count. */
export function counted<Sample>(rounds: readonly Round<Sample>[]): Sample[] {
  return rounds.filter(({ counts }) => counts).map(({ sample }) => sample);
}

export interface Interleaved<Name extends string, Sample> {
  /** Of the rounds that count, in their order. */
  readonly samples: Record<Name, Sample[]>;
  /** All of them, for the raw data. */
  readonly rounds: readonly Round<Record<Name, Sample>>[];
}

/** Measures every side once per round, the order turning from round to round, after one round that warms up. */
export async function interleave<Name extends string, Sample>(
  sides: Readonly<Record<Name, () => Promise<Sample>>>,
  rounds: number,
): Promise<Interleaved<Name, Sample>> {
  const names = Object.keys(sides) as Name[];
  const measureEach = async (order: readonly Name[]) => {
    const samples = {} as Record<Name, Sample>;
    for (const name of order) samples[name] = await sides[name]();
    return samples;
  };
  await measureEach(names);
  const all = await inPeace(rounds, (round) => measureEach(round % 2 === 0 ? names : names.toReversed()));
  const those = counted(all);
  const samples = {} as Record<Name, Sample[]>;
  for (const name of names) samples[name] = those.map((sample) => sample[name]);
  return { samples, rounds: all };
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
