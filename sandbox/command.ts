/** What `npm start` and `npm run sandbox` have in common as commands: flags, stopping, and saying what went wrong. */

/** The flags are wrong, or ask for what cannot be; the usage is shown below the message. */
export class WrongUsage extends Error {}

/** Runs `main`; whatever it throws is said in a sentence, and the process ends with 1. */
export async function runCommand(title: string, usage: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${title}: ${explain(error, usage)}\n`);
    process.exit(1);
  }
}

/** @throws WrongUsage */
export function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new WrongUsage(`--port is a number from 0 to 65535, not "${text}".`);
  return port;
}

export function isPortTaken(error: unknown): boolean {
  return codeOf(error) === 'EADDRINUSE';
}

/**
 * Resolves at the first SIGINT or SIGTERM. The same Ctrl-C may arrive several times (a terminal sends it to every
 * process of the command, and the launcher passes it on), so those that follow must not cut the closing short.
 */
export function untilStopped(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      resolve();
      setTimeout(() => process.exit(1), closingMaxMs).unref();
    });
  return promise;
}

/** What has not closed by then is left to the operating system. */
const closingMaxMs = 5_000;

function explain(error: unknown, usage: string): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  if (error instanceof WrongUsage || code.startsWith('ERR_PARSE_ARGS')) return `${error.message}\n${usage}`;
  if (isPortTaken(error)) return 'the port is taken. Choose another with --port, or leave it out.';
  if (code === 'EACCES' || code === 'ENOENT' || code === 'EISDIR') return error.message;
  return error.stack ?? error.message;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}
