/** `npm run sandbox -- --ready-file F [--port N] [--endpoint name=url]…`: the two accounts, until SIGINT or SIGTERM. */

import { rename, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startSandbox } from './sandbox.ts';

const usage = `Usage: npm run sandbox -- [--ready-file FILE] [--port PORT] [--endpoint NAME=URL]…
  --ready-file FILE     write accounts, keys and URLs there once everything answers
  --port PORT           listen on 127.0.0.1:PORT; a free port unless given
  --endpoint NAME=URL   attach a container that speaks SageMaker's /invocations contract`;

class WrongUsage extends Error {}

try {
  await main();
} catch (error) {
  console.error(`Sharemaker's sandbox: ${explain(error)}`);
  process.exit(1);
}

async function main(): Promise<void> {
  const { readyFile, port, endpoints, help } = readFlags();
  if (help) return console.log(usage);
  const sandbox = await startSandbox({ port, endpoints });
  const stopped = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.resolve());
  if (readyFile !== undefined) await writeReadyFile(readyFile, sandbox.describe);
  console.log(`Sharemaker's sandbox answers at ${sandbox.describe.awsEndpointUrl}`);
  if (readyFile === undefined) console.log(JSON.stringify(sandbox.describe, null, 2));
  await stopped.promise;
  if (readyFile !== undefined) await rm(readyFile, { force: true });
  await sandbox.close();
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      'ready-file': { type: 'string' },
      port: { type: 'string', default: '0' },
      endpoint: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new WrongUsage(`--port is a number from 0 to 65535, not "${values.port}".`);
  }
  const readyFile = values['ready-file'];
  if (readyFile === '') throw new WrongUsage('--ready-file needs the name of a file.');
  const endpoints = Object.fromEntries(values.endpoint.map(readEndpoint));
  return { readyFile, port, endpoints, help: values.help };
}

function readEndpoint(text: string): [string, string] {
  const [, name, url] = /^([a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62})=(https?:\/\/.+)$/.exec(text) ?? [];
  if (!name || !url || !URL.canParse(url)) {
    throw new WrongUsage(`--endpoint is NAME=URL, such as churn=http://127.0.0.1:8080, not "${text}".`);
  }
  return [name, url];
}

/** Whoever waits for the file must never read half of it. It holds keys, so it is for its owner alone. */
async function writeReadyFile(path: string, description: object): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  await writeFile(draft, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (error instanceof WrongUsage || code.startsWith('ERR_PARSE_ARGS')) return `${error.message}\n${usage}`;
  if (code === 'EADDRINUSE') return 'the port is taken. Choose another with --port, or leave it out.';
  if (code === 'EACCES' || code === 'ENOENT' || code === 'EISDIR') return error.message;
  return error.stack ?? error.message;
}
