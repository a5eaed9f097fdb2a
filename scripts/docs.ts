/** `npm run docs`: writes the documents that are made from the code. `-- --check` only says which are stale, exit code 1. */

import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { documents } from './docs/documents.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isCheck = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, wanted] of Object.entries(documents())) {
  const found = await readFile(join(root, path), 'utf8').catch(() => undefined);
  if (found === wanted) continue;
  stale.push(path);
  if (!isCheck) await writeFile(join(root, path), wanted);
}
if (stale.length === 0) console.log('The documents say what the code says.');
else console.log(`${isCheck ? 'Stale; run npm run docs' : 'Written'}: ${stale.join(', ')}`);
process.exitCode = isCheck && stale.length > 0 ? 1 : 0;
