import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bundle } from '../../../sandbox/lambda/bundle.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sharemaker-bundle-'));
  write(
    'f.ts',
    "import { answer } from './part.ts';\nimport { sep } from 'node:path';\nexport const handler = () => answer + sep;",
  );
  write('part.ts', "export const answer: string = 'first';");
});
afterEach(() => rmSync(directory, { recursive: true }));

it('is one module that runs by itself, with types gone and builtins asked of the process', async () => {
  const path = await bundled();
  const { handler } = (await import(pathToFileURL(path).href)) as { handler(): string };
  expect(handler()).toBe('first/');
  const source = readFileSync(path, 'utf8');
  expect(source).not.toMatch(/import\s*[{"']/);
  expect(source).toContain('getBuiltinModule("node:path")');
});

it('is built once, and again when a file that went into it has changed', async () => {
  const first = await bundled();
  const builtAt = statSync(first).mtimeMs;
  expect(await bundled()).toBe(first);
  expect(statSync(first).mtimeMs).toBe(builtAt);
  write('part.ts', "export const answer: string = 'second, and longer';");
  const second = await bundled();
  expect(second).not.toBe(first);
  expect(readFileSync(second, 'utf8')).toContain('second, and longer');
});

it('is built again when it was deleted, or one of its files', async () => {
  const path = await bundled();
  rmSync(path);
  expect(readFileSync(await bundled(), 'utf8')).toContain('first');
  rmSync(join(directory, 'part.ts'));
  await expect(bundled()).rejects.toThrow('Could not resolve "./part.ts"');
});

it('may be asked for by several at once', async () => {
  const paths = await Promise.all(Array.from({ length: 5 }, bundled));
  expect(new Set(paths).size).toBe(1);
});

async function bundled(): Promise<string> {
  return (await bundle(['f.ts'], directory)).get('f.ts')!;
}

function write(name: string, text: string): void {
  writeFileSync(join(directory, name), text);
}
