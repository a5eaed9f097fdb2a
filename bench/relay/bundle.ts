/** The relay as it is deployed: bundled with the deployment's own esbuild options. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build, type Metafile } from 'esbuild';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const relayEntry = 'functions/child/invoke.ts';

export interface Bundle {
  /** An ES module that exports `handler`. */
  readonly file: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  /** What went in, the largest first; bytes as they are in the bundle. */
  readonly contents: readonly { readonly path: string; readonly bytes: number }[];
}

/**
 * Bundles into bench/node_modules/.cache.
 * @param entry relative to the repository
 * @param isReadable with the names of its functions, for profiles; otherwise exactly as deployed
 */
export async function bundle(entry: string, isReadable = false): Promise<Bundle> {
  const config = createRequire(import.meta.url)('../../esbuild.config.cjs') as () => BuildOptions & {
    outputFileExtension: string;
    exclude: string[];
  };
  const { outputFileExtension, exclude: _none, ...options } = config();
  const directory = join(root, 'bench', 'node_modules', '.cache', isReadable ? 'readable' : 'deployed');
  const { metafile } = await build({
    ...options,
    ...(isReadable && { minify: false }),
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: directory,
    outExtension: { '.js': outputFileExtension },
    metafile: true,
    logLevel: 'error',
  });
  const [[path, { inputs }]] = Object.entries(metafile.outputs) as [[string, Metafile['outputs'][string]]];
  const file = join(root, path);
  const code = await readFile(file);
  return {
    file,
    bytes: code.length,
    gzipBytes: gzipSync(code, { level: 9 }).length,
    contents: Object.entries(inputs)
      .map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }))
      .sort((a, b) => b.bytes - a.bytes),
  };
}
