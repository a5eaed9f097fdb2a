import { describe, expect, it } from 'vitest';
import { isOurs, type SourceFile, sourceFiles } from './imports.ts';

/** Types are gone when the code runs, so they may refer to each other. */
function cycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter(({ target, isTypeOnly }) => !isTypeOnly && isOurs(target)).map(({ target }) => target),
    ]),
  );
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

describe('imports', () => {
  it('never run in a circle', () => {
    expect(cycles(sourceFiles('{lib,functions,sandbox,cli,scripts}/**/*.ts'))).toEqual([]);
  });

  it('would be caught running in one', () => {
    const file = (name: string, target: string, isTypeOnly = false) => ({
      path: `lib/${name}.ts`,
      imports: [{ target: `lib/${target}.ts`, isTypeOnly }],
    });
    expect(cycles([file('a', 'b'), file('b', 'c'), file('c', 'a')])).toEqual([
      'lib/a.ts → lib/b.ts → lib/c.ts → lib/a.ts',
    ]);
    expect(cycles([file('a', 'b'), file('b', 'a', true)])).toEqual([]);
  });
});
