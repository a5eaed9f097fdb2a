import { AwsFault } from '../aws-fault.ts';
import type { ServiceResponse } from '../types.ts';
import type { Bucket, StoredObject } from './store.ts';
import { xmlAnswer } from './xml.ts';

/** One page of keys in the order of their UTF-8 bytes; keys that share a part up to the delimiter are one common prefix. */
export function listObjects(bucket: Bucket, query: URLSearchParams): ServiceResponse {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const keysMax = readKeysMax(query.get('max-keys'));
  const after = readToken(query.get('continuation-token')) ?? query.get('start-after') ?? '';
  const encode = query.get('encoding-type') === 'url' ? encodeKey : (key: string) => key;

  const entries = new Map<string, StoredObject | 'prefix'>();
  let lastKey = '';
  let isTruncated = false;
  for (const [key, object] of sortedObjects(bucket)) {
    if (!key.startsWith(prefix) || compareKeys(key, after) <= 0) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const name = cut < 0 ? key : key.slice(0, cut + delimiter.length);
    // A page that ended inside a common prefix has listed it.
    if (cut >= 0 && after.startsWith(name)) continue;
    if (!entries.has(name) && entries.size === keysMax) {
      isTruncated = keysMax > 0;
      break;
    }
    entries.set(name, cut < 0 ? object : 'prefix');
    lastKey = key;
  }

  const listed = [...entries];
  return xmlAnswer('ListBucketResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    ...(delimiter && { Delimiter: encode(delimiter) }),
    MaxKeys: keysMax,
    KeyCount: listed.length,
    IsTruncated: isTruncated,
    ...(isTruncated && { NextContinuationToken: Buffer.from(lastKey).toString('base64url') }),
    ...(query.get('encoding-type') === 'url' && { EncodingType: 'url' }),
    Contents: listed.flatMap(([key, entry]) =>
      entry === 'prefix'
        ? []
        : [
            {
              Key: encode(key),
              LastModified: new Date(entry.modifiedAt).toISOString(),
              ETag: `"${entry.etag}"`,
              Size: entry.body.length,
              StorageClass: 'STANDARD',
            },
          ],
    ),
    CommonPrefixes: listed.flatMap(([name, entry]) => (entry === 'prefix' ? [{ Prefix: encode(name) }] : [])),
  });
}

function sortedObjects(bucket: Bucket): [string, StoredObject][] {
  return [...bucket.objects].sort(([a], [b]) => compareKeys(a, b));
}

function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/');
}

function readKeysMax(value: string | null): number {
  if (value === null) return 1000;
  if (!/^\d{1,9}$/.test(value))
    throw new AwsFault('InvalidArgument', 400, 'Provided max-keys not an integer or within integer range');
  return Math.min(Number(value), 1000);
}

function readToken(token: string | null): string | undefined {
  if (token === null) return undefined;
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (key === '' || Buffer.from(key).toString('base64url') !== token)
    throw new AwsFault('InvalidArgument', 400, 'The continuation token provided is incorrect');
  return key;
}
