/** Reads V8's .cpuprofile. Pure. */

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** The node on top of the stack at each sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
  /** Microseconds of the machine's monotonic clock. */
  readonly startTime: number;
}

/** In the same clock. */
export interface Window {
  readonly fromUs: number;
  readonly untilUs: number;
}

export interface SelfTime {
  readonly name: string;
  /** The module: `node:internal/streams/writable`, `invoke.mjs`; empty for what is native. */
  readonly where: string;
  readonly micros: number;
}

/** Of what ran within the window, the most expensive first, without idle time. */
export function selfTimes(
  { nodes, samples, timeDeltas, startTime }: CpuProfile,
  { fromUs, untilUs }: Window,
): SelfTime[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  let at = startTime;
  const times = new Map<string, { name: string; where: string; micros: number }>();
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    if (at < fromUs || at > untilUs) continue;
    const frame = frames.get(id);
    if (!frame || frame.functionName === '(idle)' || frame.functionName === '(root)') continue;
    const name = frame.functionName || `(anonymous, line ${frame.lineNumber + 1})`;
    const where = frame.url.startsWith('node:') ? frame.url : frame.url.split('/').slice(-1).join('/');
    const key = `${name} ${frame.url} ${frame.lineNumber}`;
    const time = times.get(key) ?? { name, where: isSdk(frame.url) ? 'the SDK' : where, micros: 0 };
    time.micros += timeDeltas[index] ?? 0;
    times.set(key, time);
  }
  return [...times.values()].sort((a, b) => b.micros - a.micros);
}

export type Area =
  | 'relay'
  | 'SDK'
  | 'HTTP and sockets'
  | 'streams, timers, promises'
  | 'hashes'
  | 'bytes and text'
  | 'garbage collection'
  | 'kernel and C++';

const modules: readonly (readonly [pattern: RegExp, area: Area])[] = [
  [/^the SDK$/, 'SDK'],
  [/^node:(_http|http|net|internal\/(http|net|stream_base|dgram))/, 'HTTP and sockets'],
  [/^node:internal\/crypto/, 'hashes'],
  [/^node:(buffer|internal\/buffer|internal\/util|url|internal\/url|string_decoder)/, 'bytes and text'],
  [/^node:/, 'streams, timers, promises'],
];

/** Native functions are named by what calls them into being. */
const natives: readonly (readonly [pattern: RegExp, area: Area])[] = [
  [/^\(garbage collector\)$/, 'garbage collection'],
  [/^(hash|oneShotDigest|Hmac|Hash|update|digest|hmac.*|createHmac)$/i, 'hashes'],
  [
    /^(write.*String|writev|writeBuffer|writeLatin1.*|writeUtf8.*|readStart|execute|consume)$/,
    'HTTP and sockets',
  ],
  [
    /^(base64.*|utf8.*|latin1.*|copy.*|fill|byteLength.*|from|slice|toString|stringify|parse)$/i,
    'bytes and text',
  ],
];

export function areaOf({ name, where }: Pick<SelfTime, 'name' | 'where'>): Area {
  if (where === '') return natives.find(([pattern]) => pattern.test(name))?.[1] ?? 'kernel and C++';
  return modules.find(([pattern]) => pattern.test(where))?.[1] ?? 'relay';
}

function isSdk(url: string): boolean {
  return /\/node_modules\/@(aws-sdk|smithy|aws-crypto)\//.test(url);
}
