/** Sessions on disk, for processes that come and go: one file each, for the owner's eyes only, always whole. */

import { createHash, randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const session = z.strictObject({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1),
  /** Epoch milliseconds. */
  expiresAt: z.int(),
  /** Of the share role, which is the grant's own. */
  roleArn: z.string(),
  /** When its alias was last seen to stand for this grant; epoch milliseconds. */
  checkedAt: z.int(),
});
export type CachedSession = z.infer<typeof session>;

export interface SessionCache {
  /** Undefined also for a file that is not ours, readable by others, or not whole. */
  read(): Promise<CachedSession | undefined>;
  /** Throws what the file system throws. */
  write(session: CachedSession): Promise<void>;
}

/**
 * @param parent gets a folder `sharemaker` for the sessions
 * @param purpose everything that tells one session from another; only its hash is written
 */
export function createSessionCache(parent: string, purpose: readonly unknown[]): SessionCache {
  const directory = join(parent, 'sharemaker');
  const name = createHash('sha256')
    .update(JSON.stringify([formatVersion, purpose]))
    .digest('hex');
  const path = join(directory, `${name}.json`);
  return {
    async read() {
      const text = await readPrivately(path);
      return text === undefined ? undefined : session.safeParse(parseJson(text)).data;
    },

    async write(fresh) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await closeToOthers(directory);
      // Readers see the old file or the new one, however many processes write: rename replaces in one step.
      const draft = `${path}.${process.pid}.${randomUUID()}.tmp`;
      try {
        const file = await open(draft, 'wx', 0o600);
        try {
          await file.writeFile(JSON.stringify(fresh));
        } finally {
          await file.close();
        }
        await rename(draft, path);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
  };
}

export function isLive({ expiresAt }: Pick<CachedSession, 'expiresAt'>, at: number): boolean {
  return expiresAt > at;
}

// --- internal ---

/** Another format gets other names. */
const formatVersion = 2;
const fileBytesMax = 65_536;
const hasModes = process.platform !== 'win32';

async function closeToOthers(directory: string): Promise<void> {
  const found = await lstat(directory);
  if (!found.isDirectory()) throw new Error('The folder for sessions is a link or a file.');
  if (hasModes && (found.mode & 0o077) !== 0) await chmod(directory, 0o700);
}

async function readPrivately(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r');
    const { mode, size, uid } = await file.stat();
    const isPrivate = !hasModes || ((mode & 0o077) === 0 && uid === process.getuid?.());
    return isPrivate && size <= fileBytesMax ? await file.readFile('utf8') : undefined;
  } catch {
    // Absent or unreadable: a new session is taken.
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
