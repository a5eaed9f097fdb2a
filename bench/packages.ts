/** What only the bench needs is installed into bench/node_modules when it is first wanted. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('.', import.meta.url));
const mark = `${directory}node_modules/.installed-from`;

/** @throws Error when npm fails */
export function installPackages(say: (line: string) => void): void {
  const lock = createHash('sha256')
    .update(readFileSync(`${directory}package-lock.json`))
    .digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  say(
    'installing the packages of bench/package-lock.json; aws-lambda-ric is compiled, which takes minutes …',
  );
  const ci = (...more: string[]) =>
    spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...more], {
      cwd: directory,
      // Standard output belongs to the figures.
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    });
  // Without a compiler the rest can still be measured.
  if (ci().status !== 0 && ci('--ignore-scripts').status !== 0)
    throw new Error('npm ci failed in bench/; its own message stands above.');
  writeFileSync(mark, lock);
}

/** Lambda's runtime interface client, when its native part could be built. */
export function findRuntimeClient(): string | undefined {
  const client = `${directory}node_modules/aws-lambda-ric/`;
  return existsSync(`${client}rapid-client.node`) ? `${client}index.mjs` : undefined;
}

export function findPortkey(): string | undefined {
  const server = `${directory}node_modules/@portkey-ai/gateway/build/start-server.js`;
  return existsSync(server) ? server : undefined;
}
