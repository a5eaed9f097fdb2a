#!/usr/bin/env node
// The `sharemaker` command on any Node ≥ 20: Node 24 runs sharemaker.ts as it is, an older one hands over to it.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findNode24, noNode24 } from '../scripts/node24.mjs';

const node = findNode24();
if (node === process.execPath) await import('./sharemaker.ts');
else if (node === undefined) fail(noNode24);
else {
  const command = fileURLToPath(new URL('sharemaker.ts', import.meta.url));
  const { status } = spawnSync(node, [command, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

function fail(message) {
  console.error(`sharemaker: ${message}`);
  process.exitCode = 1;
}
