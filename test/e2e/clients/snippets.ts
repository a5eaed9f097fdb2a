/**
 * The programs of docs/clients.md and README.md, run as the documents print them. A fenced block is marked by the
 * comment before it, `<!-- test: NAME -->`, or `<!-- test: NAME after OTHER -->` where the reader has run OTHER before.
 */

import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, runProgram } from './run-program.ts';

export interface Snippet {
  /** As the fence says: `js`, `python`, `sh`, `json`. */
  readonly language: string;
  readonly code: string;
}

export const repository = new URL('../../../', import.meta.url).pathname;

/** @param file relative to the repository */
export function readSnippets(file: string): ReadonlyMap<string, Snippet> {
  const snippets = new Map<string, Snippet>();
  const marked = /^<!-- test: (\S+)(?: after (\S+))? -->\n```(\w+)\n(.*?)^```$/gms;
  for (const [, name = '', before, language = '', code = ''] of readFileSync(
    repository + file,
    'utf8',
  ).matchAll(marked)) {
    if (snippets.has(name)) throw new Error(`${file} has two snippets "${name}".`);
    const first = before === undefined ? undefined : snippets.get(before);
    if (before !== undefined && first?.language !== language)
      throw new Error(`${file}: "${name}" comes after "${before}", which is not there before it.`);
    snippets.set(name, { language, code: first ? `${first.code}\n${code}` : code });
  }
  return snippets;
}

const programs: Readonly<
  Record<string, { readonly file: string; readonly command: readonly [string, ...string[]] }>
> = {
  js: { file: 'snippet.mjs', command: ['node'] },
  python: { file: 'snippet.py', command: ['python3'] },
  sh: { file: 'snippet.sh', command: ['bash', '-euo', 'pipefail'] },
};

/** @param home where the program finds `~/.aws`, and makes its files in a folder of its own */
export function runSnippet(
  { language, code }: Snippet,
  options: { readonly home: string; readonly environment: Readonly<Record<string, string>> },
): Promise<Ended> {
  const program = programs[language];
  if (!program) throw new Error(`Nothing here runs ${language}.`);
  const { home, environment } = options;
  const directory = mkdtempSync(join(home, 'run-'));
  symlinkSync(join(repository, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, program.file), code);
  return runProgram([...program.command, program.file], {
    directory,
    environment: { HOME: home, ...environment },
  });
}
