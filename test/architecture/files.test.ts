import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './imports.ts';

const linesMax = 300;
const code = globSync('{lib,functions,sandbox,cli,scripts}/**/*.{ts,mjs}', { cwd: root });

describe('files', () => {
  it(`have at most ${linesMax} lines`, () => {
    const long = code
      .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > linesMax)
      .map(({ path, lines }) => `${path}: ${lines}`);
    expect(code.length).toBeGreaterThan(100);
    expect(long).toEqual([]);
  });

  it('are named for what they hold, in lower case with hyphens', () => {
    const all = [...code, ...globSync('test/**/*.ts', { cwd: root })];
    expect(
      all.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.(ts|mjs)$/.test(basename(path))),
    ).toEqual([]);
    const drawers = /^(utils?|helpers?|misc|common|index)\./;
    expect(all.filter((path) => drawers.test(basename(path)))).toEqual([]);
  });

  it('leave nothing for later', () => {
    const later = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`);
    expect(code.filter((path) => later.test(readFileSync(join(root, path), 'utf8')))).toEqual([]);
  });

  it('of tests change no global but through vi.stubEnv and vi.stubGlobal: the next file runs in the same process', () => {
    const changes = /process\.env(\.\w+|\[[^\]]+\]) ?=[^=]|Object\.assign\((process\.env|globalThis)\b/;
    expect(changes.test("process.env['A'] = 'x';")).toBe(true);
    const tests = globSync('test/**/*.ts', { cwd: root }).filter(
      (path) => !path.endsWith('architecture/files.test.ts'),
    );
    expect(tests.filter((path) => changes.test(readFileSync(join(root, path), 'utf8')))).toEqual([]);
  });
});
