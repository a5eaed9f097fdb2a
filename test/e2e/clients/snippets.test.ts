import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readSnippets } from './snippets.ts';

const tests = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(`${import.meta.dirname}/${file}`, 'utf8'))
  .join('');

it.each([...readSnippets('docs/clients.md').keys()].filter((name) => name !== 'relay'))(
  'the snippet %s of docs/clients.md is used by a test',
  (name) => expect(tests).toContain(`'${name}'`),
);
