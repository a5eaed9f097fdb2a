/** Buckets and what lies in them. Names are global, as S3's are; every bucket has one owner. */

import { createHash } from 'node:crypto';
import type { PolicyDocument } from '../policy/document.ts';

export interface StoredObject {
  readonly body: Buffer;
  /** MD5 in hex, without quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /** What GetObject gives back beside the body, `x-amz-meta-*` included; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Bucket {
  readonly name: string;
  readonly ownerId: string;
  readonly region: string;
  readonly createdAt: number;
  readonly policy?: PolicyDocument;
  readonly objects: Map<string, StoredObject>;
}

export interface BucketStore {
  find(bucket: string): Bucket | undefined;
  list(ownerId: string): readonly Bucket[];
  create(bucket: Omit<Bucket, 'objects'>): Bucket;
}

export function createBucketStore(): BucketStore {
  const buckets = new Map<string, Bucket>();
  return {
    find: (name) => buckets.get(name),
    list: (ownerId) => [...buckets.values()].filter((bucket) => bucket.ownerId === ownerId),
    create(bucket) {
      const created = { ...bucket, objects: new Map() };
      buckets.set(bucket.name, created);
      return created;
    },
  };
}

export function storeObject(
  bucket: Bucket,
  key: string,
  object: Pick<StoredObject, 'body' | 'headers' | 'modifiedAt'>,
): StoredObject {
  const etag = createHash('md5').update(object.body).digest('hex');
  const stored = { ...object, headers: { 'content-type': 'binary/octet-stream', ...object.headers }, etag };
  bucket.objects.set(key, stored);
  return stored;
}
