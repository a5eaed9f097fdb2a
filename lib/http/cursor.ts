/** Opaque paging cursors, bound to the query they came from. */

import { createHash } from 'node:crypto';
import { Problem } from '../contract/problems.ts';

export type PageKey = Readonly<Record<string, string | number>>;

export function encodeCursor(query: Readonly<Record<string, unknown>>, key: PageKey): string {
  return Buffer.from(JSON.stringify({ q: fingerprint(query), k: key })).toString('base64url');
}

/** Throws Problem `cursor.invalid` for anything that `encodeCursor` did not make for the same query. */
export function decodeCursor(query: Readonly<Record<string, unknown>>, cursor: string): PageKey {
  try {
    const { q, k } = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (q === fingerprint(query) && isPageKey(k)) return k;
  } catch {
    // Not ours: said below.
  }
  throw notOurs();
}

/**
 * Reads a page from where the query's cursor points. A place that AWS refuses was made by hand, because ours are its own:
 * Problem `cursor.invalid`.
 */
export async function readPage<T>(
  query: Readonly<Record<string, unknown>> & { readonly cursor?: string | undefined },
  read: (from: PageKey | undefined) => Promise<T>,
): Promise<T> {
  if (query.cursor === undefined) return read(undefined);
  const from = decodeCursor(query, query.cursor);
  try {
    return await read(from);
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationException') throw notOurs();
    throw error;
  }
}

function notOurs(): Problem {
  const message = 'does not belong to this query; start again without it';
  return new Problem('cursor.invalid', `query/cursor ${message}.`, {
    errors: [{ pointer: 'query/cursor', message }],
  });
}

/** The cursor itself and the page size may differ from page to page. */
function fingerprint({ cursor: _cursor, limit: _limit, ...rest }: Readonly<Record<string, unknown>>): string {
  const sorted = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url').slice(0, 16);
}

function isPageKey(value: unknown): value is PageKey {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length <= 6 &&
    Object.values(value).every((part) => typeof part === 'string' || typeof part === 'number')
  );
}
