/** What a TypeScript file imports, read from its text. */

import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Import {
  /** From the root of the repository, or a package's name, or `node:…`. */
  readonly target: string;
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly imports: readonly Import[];
}

export function sourceFiles(...patterns: string[]): SourceFile[] {
  return globSync(patterns, { cwd: root })
    .filter((path) => !path.includes('node_modules'))
    .sort()
    .map((path) => ({ path, imports: importsIn(readFileSync(join(root, path), 'utf8'), path) }));
}

/** Static, dynamic, re-exported and side-effect imports. @param path tells what relative specifiers mean */
export function importsIn(text: string, path: string): Import[] {
  const code = withoutComments(text);
  const found = [
    ...code.matchAll(/^[ \t]*(?:import|export)\s+(type\s)?(?:[^'"`;]*?\bfrom\s*)?['"]([^'"\n]+)['"]/gm),
    ...code.matchAll(/\b(typeof\s+)?(?:import|require)\(\s*['"]([^'"\n]+)['"]\s*\)/g),
  ];
  return found.map(([, type, specifier = '']) => ({
    target: targetOf(specifier, path),
    isTypeOnly: type !== undefined,
  }));
}

/** `@aws-sdk/client-sts/dist` → `@aws-sdk/client-sts`. */
export function packageOf(target: string): string {
  return target.split('/', target.startsWith('@') ? 2 : 1).join('/');
}

export function isOurs(target: string): boolean {
  return /^(lib|functions|sandbox|cli|scripts|test|bench|docs|esbuild|vitest)[/.]/.test(target);
}

// --- internal ---

/** Whole lines only: `//` inside a line may belong to an address in a string. */
function withoutComments(text: string): string {
  return text.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '').replace(/^[ \t]*\/\/.*$/gm, '');
}

function targetOf(specifier: string, path: string): string {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), specifier)) : specifier;
}
