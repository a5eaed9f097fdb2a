/** Which operation a request asks for, and of what. Pure; a malformed path is left to the operation. */

import type { UnsignedRequest } from '../types.ts';

export type S3Operation =
  | 'ListBuckets'
  | 'CreateBucket'
  | 'HeadBucket'
  | 'GetBucketLocation'
  | 'ListObjectsV2'
  | 'PutObject'
  | 'CopyObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject';

export interface S3Target {
  readonly operation: S3Operation;
  /** Decoded; empty for ListBuckets. */
  readonly bucket: string;
  /** Decoded; empty for operations on a bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
}

/** Undefined: nothing that the sandbox has. */
export function parseTarget(request: UnsignedRequest): S3Target | undefined {
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(request.path) ?? [];
  const query = new URLSearchParams(request.query);
  const operation = operationOf(request, bucket, key, query);
  if (!operation) return undefined;
  try {
    return { operation, bucket: decodeURIComponent(bucket), key: decodeURIComponent(key), query };
  } catch {
    return undefined;
  }
}

function operationOf(
  { method, headers }: UnsignedRequest,
  bucket: string,
  key: string,
  query: URLSearchParams,
): S3Operation | undefined {
  // A subresource such as ?acl or ?uploads names another operation altogether.
  const subresource = [...query.keys()].find((name) => !isPlain(name));
  if (bucket === '') return method === 'GET' && !subresource ? 'ListBuckets' : undefined;
  if (key !== '') {
    if (subresource) return undefined;
    return method === 'PUT' && headers['x-amz-copy-source'] ? 'CopyObject' : objectOperations[method];
  }
  if (method === 'GET' && subresource === 'location') return 'GetBucketLocation';
  if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
  if (subresource) return undefined;
  return bucketOperations[method];
}

const objectOperations: Readonly<Record<string, S3Operation>> = {
  PUT: 'PutObject',
  GET: 'GetObject',
  HEAD: 'HeadObject',
  DELETE: 'DeleteObject',
};

const bucketOperations: Readonly<Record<string, S3Operation>> = { PUT: 'CreateBucket', HEAD: 'HeadBucket' };

const listParameters = new Set([
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'continuation-token',
  'start-after',
  'encoding-type',
  'fetch-owner',
]);

/** Parameters that do not change what is asked for: paging, presigned signatures, and the SDK's own `x-id`. */
function isPlain(name: string): boolean {
  return listParameters.has(name) || name === 'x-id' || /^x-amz-/i.test(name);
}
