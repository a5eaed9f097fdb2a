/** One group of figures, and what measuring it leaves behind. */

import type { Figures } from './figures.ts';

export interface Part {
  /** What `--only` names, or begins with: `relay.cpu`. */
  readonly name: string;
  readonly measure: (options: MeasureOptions) => Promise<Measured>;
}

export interface MeasureOptions {
  /** Interleaved rounds, from which the median is taken. */
  readonly rounds: number;
  /** 1 for a full run, less for a quick look: the share of the usual number of requests. */
  readonly scale: number;
  /** Progress, for whoever waits. */
  readonly say: (line: string) => void;
}

export interface Measured {
  readonly figures: Figures;
  readonly tables: readonly Table[];
  /** Every single measurement, for who wants to reckon again. */
  readonly raw: unknown;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** What a reader must know to judge the table. */
  readonly note?: string;
}
