/** `npm run bench`: measures, prints, and writes docs/performance.md. Nothing here fails because something is slow. */

import { writeFileSync } from 'node:fs';
import { audit } from './audit/audit.ts';
import type { Figures } from './figures.ts';
import { calls } from './grant/calls.ts';
import { revoke } from './grant/revoke.ts';
import { describeMachine } from './machine.ts';
import { isPartOf, readOptions, usage } from './options.ts';
import { installPackages } from './packages.ts';
import type { Measured, Part } from './part.ts';
import { coldStart } from './relay/cold-start.ts';
import { cpu } from './relay/cpu.ts';
import { firstByte } from './relay/first-byte.ts';
import { gateway } from './relay/gateway.ts';
import { profile } from './relay/profile.ts';
import { ric } from './relay/ric.ts';
import { sessions } from './relay/sessions.ts';
import { size } from './relay/size.ts';
import { performancePage, printed } from './report.ts';
import { processorTime, stolenShare } from './stolen.ts';

const parts: readonly Part[] = [
  size,
  cpu,
  ric,
  gateway,
  firstByte,
  coldStart,
  sessions,
  profile,
  calls,
  revoke,
  audit,
];
const full = { rounds: 7, scale: 1 };
const quick = { rounds: 3, scale: 0.25 };

const say = (line: string) => void process.stderr.write(`${line}\n`);

const options = optionsOrUsage();
const before = { machine: describeMachine(), time: processorTime() };
const chosen = parts.filter(
  ({ name }) => options.only.length === 0 || options.only.some((wanted) => isPartOf(name, wanted)),
);
if (chosen.some(({ name }) => name.startsWith('relay.'))) installPackages(say);

const measured: { readonly name: string; readonly result: Measured }[] = [];
const failed: string[] = [];
for (const part of chosen) {
  try {
    const result = await part.measure({ ...(options.isQuick ? quick : full), say });
    measured.push({ name: part.name, result });
  } catch (error) {
    // What the other parts measure is not lost.
    failed.push(part.name);
    say(`${part.name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

const machine = { ...before.machine, stolen: stolenShare(before.time, processorTime()) };
const figures: Figures = Object.assign({}, ...measured.map(({ result }) => result.figures));
const isWhole = measured.length === parts.length && !options.isQuick;
const raw = JSON.stringify({
  machine,
  figures,
  parts: Object.fromEntries(measured.map(({ name, result }) => [name, result.raw])),
});
const write = (path: string, content: string) => writeFileSync(new URL(path, import.meta.url), content);
write(`results/${machine.startedAt.replace(/:/g, '-')}.json`, `${raw}\n`);
if (isWhole) {
  write('results/latest.json', `${raw}\n`);
  write(
    '../docs/performance.md',
    performancePage(
      machine,
      figures,
      measured.map(({ name, result }) => ({ name, tables: result.tables })),
      full.rounds,
    ),
  );
}
process.stdout.write(options.isJson ? `${JSON.stringify(figures)}\n` : printed(figures, measured));

if (failed.length > 0) {
  say(`Not measured: ${failed.join(', ')}.`);
  process.exitCode = 1;
}

function optionsOrUsage() {
  try {
    return readOptions(
      process.argv.slice(2),
      parts.map(({ name }) => name),
    );
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
