/** `sharemaker <command> …`: results on standard output, everything else on standard error. */

import { ClientProblem } from '../lib/client/client-problem.ts';
import { type Command, UsageError } from './command.ts';
import { credentialProcessCommand } from './credential-process.ts';

const commands: Readonly<Record<string, Command>> = { 'credential-process': credentialProcessCommand };

const exitCodes = { failed: 1, usage: 2 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main([name = '--help', ...args]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (name === '--help' || name === '-h') return said(overview());
  if (!command) return refused(`There is no command "${name}".\n\n${overview()}`, exitCodes.usage);
  if (args.includes('--help') || args.includes('-h')) return said(command.usage);
  try {
    return said(await command.run(args, process.env));
  } catch (error) {
    if (error instanceof UsageError) return refused(`${error.message}\n\n${command.usage}`, exitCodes.usage);
    if (error instanceof ClientProblem) return refused(error.message, exitCodes.failed);
    // The fault may be ours, and a stack helps.
    return refused((error as Error).stack ?? String(error), exitCodes.failed);
  }
}

function overview(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(20)} ${summary}`);
  return `Usage: sharemaker <command> [options]\n\n${lines.join('\n')}\n\nsharemaker <command> --help tells more.`;
}

function said(text: string): number {
  console.log(text);
  return 0;
}

function refused(text: string, exitCode: number): number {
  console.error(`sharemaker: ${text}`);
  return exitCode;
}
