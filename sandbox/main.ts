/** `npm run sandbox -- [--ready-file F] [--port N] [--endpoint name=url]…`: the accounts, until SIGINT or SIGTERM. */

import { rename, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readPort, runCommand, untilStopped, WrongUsage } from './command.ts';
import { startSandbox } from './sandbox.ts';

const usage = `Usage: npm run sandbox -- [--ready-file FILE] [--port PORT] [--endpoint NAME=URL]…
  --ready-file FILE     write accounts, keys and URLs there once everything answers
  --port PORT           listen on 127.0.0.1:PORT; a free port unless given
  --endpoint NAME=URL   attach a container that speaks SageMaker's /invocations contract`;

await runCommand("Sharemaker's sandbox", usage, async () => {
  const { readyFile, port, endpoints, help } = readFlags();
  if (help) return console.log(usage);
  const stopped = untilStopped();
  const sandbox = await startSandbox({ port, endpoints });
  if (readyFile !== undefined) await writeReadyFile(readyFile, sandbox.describe);
  console.log(`Sharemaker's sandbox answers at ${sandbox.describe.awsEndpointUrl}`);
  if (readyFile === undefined) console.log(JSON.stringify(sandbox.describe, null, 2));
  await stopped;
  if (readyFile !== undefined) await rm(readyFile, { force: true });
  await sandbox.close();
});

function readFlags() {
  const { values } = parseArgs({
    options: {
      'ready-file': { type: 'string' },
      port: { type: 'string', default: '0' },
      endpoint: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  const readyFile = values['ready-file'];
  if (readyFile === '') throw new WrongUsage('--ready-file needs the name of a file.');
  return {
    readyFile,
    port: readPort(values.port),
    endpoints: readEndpoints(values.endpoint),
    help: values.help,
  };
}

function readEndpoints(flags: readonly string[]): Record<string, string> {
  const endpoints = new Map<string, [name: string, url: string]>();
  for (const text of flags) {
    const [, name, url] = /^([a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62})=(http:\/\/.+)$/.exec(text) ?? [];
    if (!name || !url || !URL.canParse(url))
      throw new WrongUsage(`--endpoint is NAME=URL, such as churn=http://127.0.0.1:8080, not "${text}".`);
    // SageMaker tells endpoints apart by name whatever the case.
    const key = name.toLowerCase();
    if (endpoints.has(key)) throw new WrongUsage(`--endpoint ${name} is given twice.`);
    endpoints.set(key, [name, url]);
  }
  return Object.fromEntries(endpoints.values());
}

/** Whoever waits for the file must never read half of it. It holds keys, so it is for its owner alone. */
async function writeReadyFile(path: string, description: object): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  await writeFile(draft, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
}
