/** What a run says: on the terminal, and as docs/performance.md. Pure. */

import {
  type FigureName,
  type Figures,
  meaningOf,
  figures as meanings,
  meetsTarget,
  wordsOf,
} from './figures.ts';
import type { Machine } from './machine.ts';
import type { Measured, Table } from './part.ts';

/** For the terminal. */
export function printed(
  figures: Figures,
  measured: readonly { readonly name: string; readonly result: Measured }[],
): string {
  const tables = measured.flatMap(({ result }) => result.tables);
  return `${[...tables.map(textOf), textOf(tableOf(figures))].join('\n')}\n`;
}

/** docs/performance.md. */
export function performancePage(
  machine: Machine,
  figures: Figures,
  measured: readonly { readonly name: string; readonly tables: readonly Table[] }[],
  rounds: number,
): string {
  const tablesOf = (...prefixes: readonly string[]) =>
    measured
      .filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)))
      .flatMap(({ tables }) => tables)
      .map(markdownOf)
      .join('\n');
  const isProfile = ({ name }: { readonly name: string }) => name === 'relay.profile';
  const relayParts = measured.filter((part) => part.name.startsWith('relay.') && !isProfile(part));
  return `# Performance

Written by \`npm run bench\`; do not edit. Every ratio was taken side by side in one run. Trust the ratios: milliseconds
and microseconds belong to this machine and its other work.

| | |
|---|---|
| measured | ${machine.startedAt.slice(0, 16).replace('T', ' ')} UTC, commit ${machine.commit} |
| machine | ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system} |
| load before | ${machine.loadBefore} processes wanted a core${isBusy(machine) ? ': the machine was busy with other work' : ''} |
| taken by the host | ${Math.round(machine.stolen * 100)} % of the processor time that was wanted went to other machines |
| Node | ${machine.node} |

## The figures

${markdownRows(tableOf(figures))}
## The relay

${relayParts
  .flatMap(({ tables }) => tables)
  .map(markdownOf)
  .join('\n')}
## What dominates

${tablesOf('relay.profile')}
${whatFollows}
## Grants and audits

${tablesOf('grant', 'revoke', 'audit')}
## How it is measured

- **Sides.** What is compared runs in the same run in processes of their own, round by round in turning order, after a
  round that warms up: ${rounds} rounds, of which the median of the ratios counts. The stub of AWS is one more process.
- **Other machines.** A host that gives its processors to other machines for a while makes every wake-up late, and a
  latency is then mostly theirs. Linux says how much was taken (\`steal\` in \`/proc/stat\`): rounds that lost more than a
  tenth are measured again, at most as many again, and those count that lost least. The raw data holds all of them.
- **The stub** answers at once, or after 5 ms, and checks nothing: what it does not cost cannot blur a ratio. STS,
  DynamoDB and SageMaker's runtime listen at an address each.
- **The relay** is bundled with the deployment's own \`esbuild.config.cjs\` and called with API Gateway's proxy events, the
  body in base64. Its usage lines are written into a pipe, as under Lambda.
- **In API Gateway's place** stands Node's own HTTP server before whole answers, as before Portkey's, and bare sockets
  before streams: there Node's server took 0.2 ms of the first byte. Either is counted as if it were the relay's.
- **The SDK** is \`@aws-sdk/client-sagemaker-runtime\` with credentials at hand: what a program pays that assumes the
  share role itself and keeps the session.
- **CPU** is \`process.cpuUsage()\` of the calling process, user and system.
- Raw data of the run stands in \`bench/results/latest.json\`. Nothing here is a test, and no test fails because a machine
  is slow.
`;
}

/** What earlier profiles have led to; each can be undone to see it again. */
const whatFollows = `What such profiles have led to:

- The relay signs by itself, and keeps the derived key as a key object: \`createHmac()\` makes one of bytes at every call,
  17 µs instead of 2.5.
- It speaks HTTP by itself, on bare sockets: behind an HTTP server, 32 at a time, Node's \`ClientRequest\` and its agent
  were a quarter of the relay's time, more than all of its own code. undici would cost 50 ms at every cold start.
- It assigns no function to a property where the function is written. V8 makes such a function in old space, as if it were
  a class's method; dead, one per request kept a twelfth of everything alive through the collections of young objects,
  until V8 had optimized it away some 70,000 requests later.
- It turns V8's allocation-site pretenuring off. While the process warms up with many requests at a time, V8 learns that
  the parts of a request live long, and makes them in old space from then on; dead, they keep the young objects that they
  know alive. Collections then took 10 to 15 ms, five times a second, and a request up to twice its CPU.
- Where many requests are under way, what one turn of the event loop writes leaves together at its end, to SageMaker and
  to the callers. A quarter of the time went into waking readers that had fallen asleep between two writes; now the first
  write wakes for all, and a quarter more requests fit into a second. A request that is alone waits for nobody.
- Built-in modules are got by \`process.getBuiltinModule()\`: an \`import\` of \`node:http\` in an ES module loads Node's whole
  HTTP facade, undici included, at every cold start.
- A stream's headers wait for the turn's end, so that they leave in one write with a part that came along with them.
- What is left is the kernel: a write to SageMaker's socket and one to the caller's are a quarter of the time together.
`;

function isBusy({ loadBefore, cores }: Machine): boolean {
  return loadBefore > cores / 4;
}

function tableOf(figures: Figures): Table {
  const marks = { true: 'yes', false: '**no**' };
  const names = (Object.keys(meanings) as FigureName[]).filter((name) => name in figures);
  return {
    title: 'Figures',
    columns: ['figure', 'measured', 'target', 'met', 'what it is'],
    rows: names.map((name) => {
      const value = figures[name] ?? null;
      const isMet = meetsTarget(name, value);
      return [
        name,
        value === null ? 'not measured here' : value.toLocaleString('en', { maximumFractionDigits: 3 }),
        wordsOf(meaningOf(name).target),
        isMet === undefined ? '' : marks[`${isMet}`],
        meaningOf(name).meaning,
      ];
    }),
  };
}

function markdownOf(table: Table): string {
  return `### ${table.title}\n\n${markdownRows(table)}${table.note ? `\n${table.note}\n` : ''}`;
}

function markdownRows({ columns, rows }: Table): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(columns) + line(columns.map(() => '---')) + rows.map(line).join('');
}

function textOf({ title, columns, rows, note }: Table): string {
  const all = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n${note ? `  (${note})\n` : ''}`;
}
