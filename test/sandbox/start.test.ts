import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';

const repository = new URL('../../', import.meta.url).pathname;
const timeout = 60_000;
const started: ChildProcess[] = [];
let squatter: Server | undefined;
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  squatter?.close();
});

describe('npm start', () => {
  it('takes a free port where 4599 is taken, stays up after the tour, and ends with Ctrl-C', {
    timeout,
  }, async () => {
    await takeUsualPort();
    const tour = run();
    await vi.waitFor(() => expect(tour.said()).toContain('The sandbox stays up; Ctrl-C ends it.'), {
      timeout,
    });
    expect(tour.said()).toContain('Port 4599 is taken (another sandbox?), so a free one serves.');
    const [, url = ''] = /every AWS service +(http:\S+)/.exec(tour.said()) ?? [];
    expect((await fetch(`${url}/_sandbox/clock`)).status).toBe(200);
    tour.child.kill('SIGINT');
    expect(await tour.ended).toEqual({ code: 0, stderr: '' });
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('ends in the middle of the tour when it is told to, and says so', { timeout }, async () => {
    const tour = run('--port', '0');
    await vi.waitFor(() => expect(tour.said()).toContain('2. The parent creates a grant'), { timeout });
    tour.child.kill('SIGTERM');
    expect(await tour.ended).toEqual({ code: 1, stderr: '\nThe tour was stopped before its end.\n' });
  });

  it.each([
    [['--port', '70000'], '--port is a number from 0 to 65535, not "70000".'],
    [['--exti'], "Unknown option '--exti'"],
  ])('says what is wrong with %j and how it is used', async (flags, message) => {
    const { code, stderr } = await run(...flags).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`Sharemaker: ${message}`);
    expect(stderr).toContain('Usage: npm start');
    expect(stderr).not.toContain('    at ');
  });

  it('says that the port somebody asked for is taken', async () => {
    const server = createServer();
    squatter = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect(await run('--port', String(port)).ended).toEqual({
      code: 1,
      stderr: 'Sharemaker: the port is taken. Choose another with --port, or leave it out.\n',
    });
  });
});

/** Whoever has it already, a sandbox that somebody plays with, does as well. */
async function takeUsualPort(): Promise<void> {
  const server = createServer();
  squatter = server;
  await new Promise<void>((resolve) => {
    server.once('error', () => resolve());
    server.listen(4599, '127.0.0.1', resolve);
  });
}

function run(...flags: string[]) {
  const child = spawn(process.execPath, ['sandbox/start.ts', ...flags], { cwd: repository });
  started.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stderr }));
  });
  return { child, ended, said: () => stdout };
}
