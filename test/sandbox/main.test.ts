import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { SandboxDescription } from '../../sandbox/sandbox.ts';

const repository = new URL('../../', import.meta.url).pathname;
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

describe('npm run sandbox', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'writes the ready file when all answers, and leaves nothing on %s',
    async (signal) => {
      const readyFile = aReadyFile();
      const sandbox = run('--ready-file', readyFile);
      const description = await readyAt(readyFile);
      expect(description).toEqual({
        region: 'us-east-1',
        awsEndpointUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        parent: {
          accountId: '111111111111',
          apiUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-z]{10}\/dev$/),
          credentials: {
            accessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
            secretAccessKey: expect.stringMatching(/^.{40}$/),
          },
        },
        child: expect.objectContaining({ accountId: '222222222222' }),
        outsider: { accountId: '333333333333', credentials: expect.anything() },
        controlUrl: `${description.awsEndpointUrl}/_sandbox`,
      });
      expect(statSync(readyFile).mode & 0o077).toBe(0);
      expect((await fetch(`${description.controlUrl}/clock`)).status).toBe(200);

      sandbox.child.kill(signal);
      expect(await sandbox.ended).toMatchObject({ code: 0, stderr: '' });
      expect(existsSync(readyFile)).toBe(false);
    },
  );

  it('stops with the shell that npm started it through, and cleanly though the signal comes twice', async () => {
    const readyFile = aReadyFile();
    const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
    // What npm does with a script. Nothing is to be installed here, so npm itself need not be found.
    const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;
    const sandbox = watch(
      spawn('sh', ['-c', `${scripts.sandbox} --ready-file ${readyFile}`], { cwd: repository, env: { PATH } }),
    );
    const { awsEndpointUrl } = await readyAt(readyFile);
    sandbox.child.kill('SIGTERM');
    sandbox.child.kill('SIGINT');
    expect(await sandbox.ended).toEqual({ code: 0, stderr: '' });
    expect(existsSync(readyFile)).toBe(false);
    await expect(fetch(awsEndpointUrl)).rejects.toThrow('fetch failed');
  });

  it.each([
    [['--port', '70000'], '--port is a number from 0 to 65535, not "70000".'],
    [['--port', 'http'], '--port is a number'],
    [['--endpoint', 'churn'], '--endpoint is NAME=URL, such as churn=http://127.0.0.1:8080, not "churn".'],
    [['--endpoint=-x=http://a'], '--endpoint is NAME=URL'],
    [
      ['--endpoint', 'a=http://127.0.0.1:1', '--endpoint', 'A=http://127.0.0.1:2'],
      '--endpoint A is given twice.',
    ],
    [['--ready-file', ''], '--ready-file needs the name of a file.'],
    [['--colour'], "Unknown option '--colour'"],
    [['there'], "Unexpected argument 'there'"],
  ])('says what is wrong with %j and how it is used', async (flags, message) => {
    const { code, stderr } = await run(...flags).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage: npm run sandbox --');
    expect(stderr).not.toContain('    at ');
  });

  it('says that a port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { code, stderr } = await run('--port', String((server.address() as AddressInfo).port)).ended;
    server.close();
    expect([code, stderr]).toEqual([
      1,
      "Sharemaker's sandbox: the port is taken. Choose another with --port, or leave it out.\n",
    ]);
  });

  it('says where a ready file cannot be written, and does not stay', async () => {
    const { code, stderr } = await run('--ready-file', '/nowhere/at/all.json').ended;
    expect(code).toBe(1);
    expect(stderr).toContain('no such file or directory');
  });
});

function aReadyFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sharemaker-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'ready.json');
}

async function readyAt(file: string): Promise<SandboxDescription> {
  await vi.waitFor(() => expect(existsSync(file)).toBe(true), { timeout: 20_000, interval: 20 });
  return JSON.parse(readFileSync(file, 'utf8')) as SandboxDescription;
}

function run(...flags: string[]) {
  return watch(spawn(process.execPath, ['sandbox/main.ts', ...flags], { cwd: repository }));
}

function watch(child: ChildProcessWithoutNullStreams) {
  started.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.resume();
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stderr }));
  });
  return { child, ended };
}
