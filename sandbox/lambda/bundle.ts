import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, relative } from 'node:path';
import { type BuildOptions, build, version } from 'esbuild';

/** How Lambdas are bundled, for the deployment and for the sandbox alike. */
const {
  outputFileExtension,
  exclude: _,
  ...options
} = createRequire(import.meta.url)('../../esbuild.config.cjs')() as BuildOptions & {
  outputFileExtension: string;
  exclude: string[];
};

/**
 * Bundles handlers as `serverless package` does and answers where each bundle is, by its handler file. A build is
 * kept in node_modules/.cache and used again until one of the files that went into it changes.
 * @param entries handler files relative to `directory`, such as `functions/parent/create-grant.ts`
 */
export async function bundle(
  entries: readonly string[],
  directory: string,
): Promise<ReadonlyMap<string, string>> {
  const cache = join(directory, 'node_modules', '.cache', 'sharemaker', 'bundles');
  const question = JSON.stringify([version, options, String(options.plugins?.map((p) => p.setup)), entries]);
  const manifestFile = join(cache, `${digest(question)}.json`);
  const known = await readManifest(manifestFile);
  if (known && (await isFresh(known, cache, directory))) return locate(known, cache);
  const built = await buildAll(entries, directory, cache);
  await forgetOld(cache);
  await writeWhole(manifestFile, JSON.stringify(built));
  return locate(built, cache);
}

interface Manifest {
  /** Every file that went in, relative to the directory → size and time of change. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Handler file → bundle in the cache. */
  readonly outputs: Readonly<Record<string, string>>;
}

async function buildAll(entries: readonly string[], directory: string, cache: string): Promise<Manifest> {
  const result = await build({
    ...options,
    absWorkingDir: directory,
    entryPoints: [...entries],
    outdir: 'out',
    outbase: '.',
    outExtension: { '.js': outputFileExtension },
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  await mkdir(cache, { recursive: true });
  const outputs = result.outputFiles.map(async ({ path, contents }) => {
    const name = `${basename(path, outputFileExtension)}-${digest(contents)}${outputFileExtension}`;
    if (!existsSync(join(cache, name))) await writeWhole(join(cache, name), contents);
    const { entryPoint } = result.metafile.outputs[relative(directory, path)]!;
    return [entryPoint!, name] as const;
  });
  const files = Object.keys(result.metafile.inputs).filter((path) => existsSync(join(directory, path)));
  const inputs = files.map(async (path) => [path, await stamp(join(directory, path))] as const);
  return {
    inputs: Object.fromEntries(await Promise.all(inputs)),
    outputs: Object.fromEntries(await Promise.all(outputs)),
  };
}

/** Every change of a function leaves a bundle behind, and what V8 made of it. What is still wanted after a week is made again. */
async function forgetOld(cache: string): Promise<void> {
  const weekAgo = Date.now() - 7 * 86_400_000;
  for (const entry of await readdir(cache, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (mtimeMs < weekAgo) await rm(path, { force: true });
  }
}

async function isFresh(manifest: Manifest, cache: string, directory: string): Promise<boolean> {
  if (!Object.values(manifest.outputs).every((name) => existsSync(join(cache, name)))) return false;
  const checks = Object.entries(manifest.inputs).map(
    async ([path, then]) => (await stamp(join(directory, path)).catch(() => 'gone')) === then,
  );
  return (await Promise.all(checks)).every(Boolean);
}

async function stamp(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${size} ${mtimeMs}`;
}

async function readManifest(path: string): Promise<Manifest | undefined> {
  if (!existsSync(path)) return undefined;
  return JSON.parse(await readFile(path, 'utf8')) as Manifest;
}

function locate(manifest: Manifest, cache: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(manifest.outputs).map(([entry, name]) => [entry, join(cache, name)]));
}

/** Several sandboxes may start at once; none must read what another has half written. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(draft, content);
  await rename(draft, path);
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 20);
}
