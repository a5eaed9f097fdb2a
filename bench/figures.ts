/** Every figure that the bench measures, what it means, and what it is held against. */

export interface FigureMeaning {
  readonly meaning: string;
  /** Without one it is measured and reported, and nothing is held against it. */
  readonly target?: Target;
}

export type Target =
  | { readonly atMost: number }
  | { readonly atLeast: number }
  | { readonly exactly: number };

const kilobyte = 1_024;

export const figures = {
  'relay.cpu.1kb.c1': {
    meaning: 'CPU per request through the relay ÷ one direct SDK call, 1 KB, one at a time',
    target: { atMost: 0.6 },
  },
  'relay.cpu.1kb.c32': {
    meaning: 'the same, 32 at a time',
    target: { atMost: 0.45 },
  },
  'relay.cpu.100kb.c1': {
    meaning: 'the same, 100 KB, one at a time',
    target: { atMost: 0.65 },
  },
  'relay.cpu.1mb.c1': {
    meaning: 'the same, 1 MB, one at a time',
    target: { atMost: 1.4 },
  },
  'relay.ric.1kb': {
    meaning: "CPU per request under Lambda's own runtime client ÷ an empty handler, 1 KB",
    target: { atMost: 2.3 },
  },
  'relay.rps.portkey.c1': {
    meaning: "requests per second ÷ those of Portkey's gateway, 1 KB, one at a time",
    target: { atLeast: 2.3 },
  },
  'relay.rps.portkey.c32': {
    meaning: 'the same, 32 at a time',
    target: { atLeast: 5 },
  },
  'relay.p99.portkey.c32': {
    meaning: "99th percentile of latency ÷ that of Portkey's gateway, 32 at a time",
    target: { atMost: 0.2 },
  },
  'relay.ttfb.addedMs': {
    meaning:
      'milliseconds that the relay adds to the first byte of a stream (median), against the SDK direct',
    target: { atMost: 1 },
  },
  'relay.ttfb.growthMs': {
    meaning: 'how much more that is for a stream of 100 parts than for one of 5; runs differ by 0.1',
    target: { atMost: 0.2 },
  },
  'relay.cold.plain': {
    meaning: 'from spawn to the first prediction ÷ an empty handler, without TLS',
    target: { atMost: 1.9 },
  },
  'relay.cold.tls': {
    meaning: 'the same, every AWS service behind TLS',
    target: { atMost: 2.1 },
  },
  'relay.bundleBytes': {
    meaning: "bytes of the relay's bundle, minified as deployed",
    target: { atMost: 40 * kilobyte },
  },
  'relay.bundleGzipBytes': {
    meaning: 'the same, gzipped',
    target: { atMost: 16 * kilobyte },
  },
  'sts.perBurst': {
    meaning: 'AssumeRole calls for 1,000 first requests at once',
    target: { exactly: 1 },
  },
  'sts.per1000warm': {
    meaning: 'AssumeRole calls for 1,000 warm requests',
    target: { exactly: 0 },
  },
  'audit.roles': { meaning: 'roles in the account that was audited; 3,000 of them belong to grants' },
  'audit.iamCalls': { meaning: 'IAM calls of one audit', target: { atMost: 30 } },
  'audit.seconds': { meaning: 'seconds of one audit, IAM answering in process' },
  'audit.missed': { meaning: 'planted findings that the audit did not find', target: { exactly: 0 } },
  'audit.false': { meaning: 'findings that nobody planted', target: { exactly: 0 } },
  'revoke.addedSeconds.p50': {
    meaning: "from the revoke to its proof, beyond IAM's injected lag: median, seconds",
  },
  'revoke.addedSeconds.max': { meaning: 'the same, at most' },
  'grant.iamCalls': { meaning: 'IAM calls from create-grant to an active grant' },
} satisfies Readonly<Record<string, FigureMeaning>>;

export type FigureName = keyof typeof figures;

/** A figure that could not be measured here is null. */
export type Figures = Partial<Record<FigureName, number | null>>;

export function meaningOf(name: FigureName): FigureMeaning {
  return figures[name];
}

/** Undefined: there is no target, or nothing was measured. */
export function meetsTarget(name: FigureName, value: number | null): boolean | undefined {
  const { target } = meaningOf(name);
  if (!target || value === null) return undefined;
  if ('atMost' in target) return value <= target.atMost;
  if ('atLeast' in target) return value >= target.atLeast;
  return value === target.exactly;
}

export function wordsOf(target: Target | undefined): string {
  if (!target) return '–';
  if ('atMost' in target) return `≤ ${target.atMost.toLocaleString('en')}`;
  if ('atLeast' in target) return `≥ ${target.atLeast.toLocaleString('en')}`;
  return `${target.exactly}`;
}
