#!/usr/bin/env node
// The `sharemaker` command on any Node ≥ 20: Node 24 runs sharemaker.ts as it is, an older one hands over to it.

import { spawnSync } from 'node:child_process';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { compileCache, findNode24, noNode24 } from '../scripts/node24.mjs';

const node = findNode24();
if (node === process.execPath) {
  // Programs start it for each session they need. A cache that cannot be written is not used.
  module.enableCompileCache(compileCache);
  await import('./sharemaker.ts');
} else if (node === undefined) fail(noNode24);
else {
  const command = fileURLToPath(import.meta.url);
  const { status } = spawnSync(node, [command, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

function fail(message) {
  console.error(`sharemaker: ${message}`);
  process.exitCode = 1;
}
