import { AwsFault } from '../aws-fault.ts';
import type { Input } from './input.ts';
import type { XmlContent, XmlMembers } from './xml.ts';

/**
 * One page of a list in the order of its keys. The marker names the last key that was given, so that a page
 * starts in the right place whatever was created or deleted in between.
 */
export function pageOf<T>(
  entries: readonly (readonly [key: string, value: T])[],
  input: Input,
): { readonly page: readonly T[]; readonly members: XmlMembers } {
  const { keys, members } = pageOfKeys(
    entries.map(([key]) => key),
    input,
  );
  const wanted = new Set(keys);
  return { page: entries.filter(([key]) => wanted.has(key)).map(([, value]) => value), members };
}

/** `keys` are sorted and unique. Cheap on many keys. */
export function pageOfKeys(
  keys: readonly string[],
  input: Input,
): { readonly keys: readonly string[]; readonly members: XmlMembers } {
  const marker = input.text('Marker');
  const start = marker === undefined ? 0 : firstAfter(keys, decodeMarker(marker));
  const end = start + (input.number('MaxItems') ?? maxItemsDefault);
  const page = keys.slice(start, end);
  const last = page.at(-1);
  const isTruncated = end < keys.length && last !== undefined;
  return {
    keys: page,
    members: { IsTruncated: isTruncated, ...(isTruncated && { Marker: encodeMarker(last) }) },
  };
}

/** A whole answer: `<Roles><member>…</member></Roles><IsTruncated>…` */
export function pagedAnswer<T>(
  name: string,
  entries: readonly (readonly [key: string, value: T])[],
  input: Input,
  describe: (value: T) => XmlContent,
): XmlMembers {
  const { page, members } = pageOf(entries, input);
  return { [name]: page.map(describe), ...members };
}

/** Where the keys after `key` begin, by halving. */
function firstAfter(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function encodeMarker(key: string): string {
  return Buffer.from(JSON.stringify({ after: key }), 'utf8').toString('base64url');
}

/** @throws AwsFault ValidationError for what was no marker of ours. */
function decodeMarker(marker: string): string {
  try {
    const { after } = JSON.parse(Buffer.from(marker, 'base64url').toString('utf8')) as { after?: unknown };
    if (typeof after === 'string') return after;
  } catch {
    // Said below.
  }
  throw new AwsFault('ValidationError', 400, 'Invalid Marker.');
}

const maxItemsDefault = 100;
