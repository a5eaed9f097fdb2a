import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSessionCache } from '../../../lib/client/session-cache.ts';

const session = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'a-secret',
  sessionToken: 'a-token',
  expiresAt: Date.parse('2026-11-24T13:00:00Z'),
  roleArn: 'arn:aws:iam::111111111111:role/sharemaker/222222222222/sharemaker-grt_1',
  checkedAt: Date.parse('2026-11-24T12:00:00Z'),
};

describe('sessions on disk', () => {
  let parent = '';
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sharemaker-cache-'));
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  const folder = () => join(parent, 'sharemaker');
  const onlyFile = async () => join(folder(), (await readdir(folder()))[0] ?? 'none');
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

  it('come back as they were written, and only for the same purpose', async () => {
    await createSessionCache(parent, ['iris', 3600]).write(session);
    await expect(createSessionCache(parent, ['iris', 3600]).read()).resolves.toEqual(session);
    await expect(createSessionCache(parent, ['iris', 900]).read()).resolves.toBeUndefined();
  });

  it('can be read by their owner alone, in a folder of their own', async () => {
    await createSessionCache(parent, ['iris']).write(session);
    expect(await modeOf(folder())).toBe(0o700);
    expect(await modeOf(await onlyFile())).toBe(0o600);
  });

  it('close a folder that stood open', async () => {
    await mkdir(folder());
    await chmod(folder(), 0o755);
    await createSessionCache(parent, ['iris']).write(session);
    expect(await modeOf(folder())).toBe(0o700);
  });

  it('do not follow a link to a folder elsewhere', async () => {
    await mkdir(join(parent, 'elsewhere'));
    await symlink(join(parent, 'elsewhere'), folder());
    await expect(createSessionCache(parent, ['iris']).write(session)).rejects.toThrow(/link/);
    expect(await readdir(join(parent, 'elsewhere'))).toEqual([]);
  });

  it('say nothing of their purpose in their names', async () => {
    await createSessionCache(parent, ['iris', 'https://child.example']).write(session);
    expect(await readdir(folder())).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
  });

  it.each([
    ['half written', (text: string) => text.slice(0, -10)],
    ['empty', () => ''],
    ['of another shape', () => '{"accessKeyId":"x"}'],
    ['far too large', () => JSON.stringify({ ...session, sessionToken: 'x'.repeat(70_000) })],
  ])('are ignored when the file is %s', async (_what, spoil) => {
    const cache = createSessionCache(parent, ['iris']);
    await cache.write(session);
    const file = await onlyFile();
    await writeFile(file, spoil(await readFile(file, 'utf8')));
    await expect(cache.read()).resolves.toBeUndefined();
    await cache.write(session);
    await expect(cache.read()).resolves.toEqual(session);
  });

  it('are ignored when others could read them', async () => {
    const cache = createSessionCache(parent, ['iris']);
    await cache.write(session);
    await chmod(await onlyFile(), 0o644);
    await expect(cache.read()).resolves.toBeUndefined();
  });

  it('are always whole, however many write and read at once, and leave no scraps', async () => {
    const writers = Array.from({ length: 30 }, (_none, index) => ({
      ...session,
      sessionToken: String(index).repeat(5_000),
    }));
    const cache = createSessionCache(parent, ['iris']);
    await cache.write(session);
    const seen = await Promise.all(
      writers.flatMap((fresh) => [cache.write(fresh), cache.read(), cache.read()]),
    );
    const whole = new Set([session, ...writers].map((each) => JSON.stringify(each)));
    const reads = seen.filter((each) => each !== undefined);
    expect(reads).toHaveLength(60);
    for (const read of reads) expect(whole).toContain(JSON.stringify(read));
    expect(await readdir(folder())).toHaveLength(1);
  });
});
