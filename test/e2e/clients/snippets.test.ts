import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readSnippets } from './snippets.ts';

const tests = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(`${import.meta.dirname}/${file}`, 'utf8'))
  .join('');

const snippets = ['docs/clients.md', 'README.md'].flatMap((file) =>
  [...readSnippets(file).keys()].map((name) => [name, file]),
);

it.each(snippets.filter(([name]) => name !== 'relay'))('the snippet %s of %s is used by a test', (name) =>
  expect(tests).toContain(`'${name}'`),
);
