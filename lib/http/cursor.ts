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
  throw new Problem('cursor.invalid', 'query/cursor does not belong to this query; start again without it.');
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
