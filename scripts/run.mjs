// The one door to every command: `npm run <name>` comes here.
// Runs on any Node ≥ 20: installs what is missing, then hands over to Node 24, which runs .ts files as they are.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileCache, findNode24, noNode24 } from './node24.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** npm script → the file that does it. */
const commands = {
  start: ['sandbox/start.ts'],
  sandbox: ['sandbox/main.ts'],
  test: ['scripts/test.ts'],
  'test:model': ['scripts/test-model.ts'],
  bench: ['bench/main.ts'],
  package: ['scripts/package.ts'],
  deploy: ['scripts/deploy.ts'],
  'check:aws': ['scripts/check-aws.ts'],
  docs: ['scripts/docs.ts'],
  sharemaker: ['cli/sharemaker.ts'],
};

const [name, ...rest] = process.argv.slice(2);
const command = commands[name];
if (!command) stop(`There is no command "${name}". The commands are: ${Object.keys(commands).join(', ')}.`);

installWhatIsMissing();
const child = spawn(
  findNode24() ?? stop(noNode24),
  ['--disable-warning=ExperimentalWarning', ...command, ...rest],
  {
    cwd: root,
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
  },
);
// The scripts of package.json `exec` this file: a shell in between would die of npm's SIGTERM and leave us running.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : code));

function installWhatIsMissing() {
  if (isInstalled()) return;
  console.error('Sharemaker: installing the packages of package-lock.json (once; about half a minute) …');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) stop('npm ci failed; its own message stands above. Is the npm registry reachable?');
}

/** npm writes down last of all what it installed, so an installation that was cut short does not pass for one. */
function isInstalled() {
  const file = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(file)) return false;
  const installed = packagesOf(file);
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, { version, integrity, optional }]) =>
      path === '' ||
      // Packages for other machines are not there.
      (optional && !installed[path]) ||
      (installed[path]?.version === version && installed[path]?.integrity === integrity),
  );
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

function stop(message) {
  console.error(`Sharemaker: ${message}`);
  process.exit(1);
}
