import { AwsFault } from '../aws-fault.ts';
import type { Authorize, Clock, ServiceRequest, ServiceResponse } from '../types.ts';
import { listObjects } from './list-objects.ts';
import { checkDigests, storedHeaders } from './object-headers.ts';
import { sliceRange } from './range.ts';
import type { S3Operation, S3Target } from './request.ts';
import { type Bucket, type BucketStore, type StoredObject, storeObject } from './store.ts';
import { xmlAnswer } from './xml.ts';

export interface S3Call extends S3Target {
  readonly request: ServiceRequest;
  readonly store: BucketStore;
  readonly clock: Clock;
  readonly authorize: Authorize;
}

/** In every operation: is there such a bucket, then may the caller, then the rest. */
export const operations: Readonly<
  Record<S3Operation, (call: S3Call) => ServiceResponse | Promise<ServiceResponse>>
> = {
  ListBuckets(call) {
    demand(call, 's3:ListAllMyBuckets', '*', call.request.caller.accountId);
    const Bucket = call.store
      .list(call.request.caller.accountId)
      .map(({ name, createdAt }) => ({ Name: name, CreationDate: new Date(createdAt).toISOString() }));
    return xmlAnswer('ListAllMyBucketsResult', {
      Owner: { ID: call.request.caller.accountId },
      Buckets: { Bucket },
    });
  },

  CreateBucket(call) {
    const { bucket: name, store, request, clock } = call;
    const { accountId } = request.caller;
    demand(call, 's3:CreateBucket', `arn:aws:s3:::${name}`, accountId);
    // Amazon S3 User Guide, "General purpose bucket naming rules"
    if (!/^(?!xn--|\d+\.\d+\.\d+\.\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/.test(name))
      throw new AwsFault('InvalidBucketName', 400, 'The specified bucket is not valid.');
    const existing = store.find(name);
    if (existing && existing.ownerId !== accountId)
      throw new AwsFault('BucketAlreadyExists', 409, 'The requested bucket name is not available.');
    // In us-east-1, creating one's own bucket again answers 200.
    if (!existing) store.create({ name, ownerId: accountId, region: request.region, createdAt: clock.now() });
    return answer(200, { location: `/${name}` });
  },

  HeadBucket(call) {
    const bucket = findBucket(call);
    demandOfBucket(call, 's3:ListBucket', bucket);
    return answer(200, { 'x-amz-bucket-region': bucket.region });
  },

  GetBucketLocation(call) {
    const bucket = findBucket(call);
    demandOfBucket(call, 's3:GetBucketLocation', bucket);
    // us-east-1 has an empty location constraint.
    return xmlAnswer('LocationConstraint', bucket.region === 'us-east-1' ? {} : { '#': bucket.region });
  },

  ListObjectsV2(call) {
    const bucket = findBucket(call);
    demandOfBucket(call, 's3:ListBucket', bucket);
    return listObjects(bucket, call.query);
  },

  PutObject(call) {
    const bucket = findBucket(call);
    demandOfObject(call, 's3:PutObject', bucket, call.key);
    const { headers, body } = call.request;
    checkKey(call.key);
    if (body.length > objectBytesMax)
      throw new AwsFault('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size');
    checkDigests(headers, body);
    const stored = storeObject(bucket, call.key, {
      body,
      headers: storedHeaders(headers),
      modifiedAt: call.clock.now(),
    });
    return answer(200, { etag: `"${stored.etag}"` });
  },

  CopyObject(call) {
    const bucket = findBucket(call);
    const source = parseCopySource(call.request.headers['x-amz-copy-source'] ?? '');
    const from = findBucket({ ...call, bucket: source.bucket });
    const object = findObject(call, 's3:GetObject', from, source.key);
    demandOfObject(call, 's3:PutObject', bucket, call.key);
    checkKey(call.key);
    const isReplaced = call.request.headers['x-amz-metadata-directive'] === 'REPLACE';
    const stored = storeObject(bucket, call.key, {
      body: object.body,
      headers: isReplaced ? storedHeaders(call.request.headers) : object.headers,
      modifiedAt: call.clock.now(),
    });
    return xmlAnswer('CopyObjectResult', {
      ETag: `"${stored.etag}"`,
      LastModified: new Date(stored.modifiedAt).toISOString(),
    });
  },

  GetObject(call) {
    const object = findObject(call, 's3:GetObject', findBucket(call), call.key);
    const range = sliceRange(call.request.headers['range'], object.body);
    return {
      status: range.status,
      headers: { ...objectHeaders(object), ...range.headers },
      body: range.body,
    };
  },

  HeadObject(call) {
    const object = findObject(call, 's3:GetObject', findBucket(call), call.key);
    const range = sliceRange(call.request.headers['range'], object.body);
    return answer(range.status, { ...objectHeaders(object), ...range.headers });
  },

  DeleteObject(call) {
    const bucket = findBucket(call);
    demandOfObject(call, 's3:DeleteObject', bucket, call.key);
    // What is not there is deleted already.
    bucket.objects.delete(call.key);
    return answer(204, {});
  },
};

/** 30 MB; S3 itself takes more. */
const objectBytesMax = 30 * 1024 * 1024;

function answer(status: number, headers: Readonly<Record<string, string>>): ServiceResponse {
  return { status, headers, body: '' };
}

function objectHeaders({ headers, etag, modifiedAt }: StoredObject): Record<string, string> {
  return {
    ...headers,
    etag: `"${etag}"`,
    'last-modified': new Date(modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
  };
}

function findBucket({ store, bucket }: Pick<S3Call, 'store' | 'bucket'>): Bucket {
  const found = store.find(bucket);
  if (!found) throw new AwsFault('NoSuchBucket', 404, 'The specified bucket does not exist');
  return found;
}

/** S3 API Reference, "GetObject": who may not list the bucket is not told that a key is missing. */
function findObject(call: S3Call, action: string, bucket: Bucket, key: string): StoredObject {
  demandOfObject(call, action, bucket, key);
  const object = bucket.objects.get(key);
  if (object) return object;
  demandOfBucket(call, 's3:ListBucket', bucket);
  throw new AwsFault('NoSuchKey', 404, 'The specified key does not exist.');
}

function demandOfBucket(call: S3Call, action: string, bucket: Bucket): void {
  demand(call, action, `arn:aws:s3:::${bucket.name}`, bucket.ownerId, bucket);
}

function demandOfObject(call: S3Call, action: string, bucket: Bucket, key: string): void {
  demand(call, action, `arn:aws:s3:::${bucket.name}/${key}`, bucket.ownerId, bucket);
}

/** @throws AwsFault AccessDenied */
function demand(
  { request, authorize }: S3Call,
  action: string,
  resource: string,
  resourceAccountId: string,
  bucket?: Bucket,
): void {
  const decision = authorize({
    request,
    action,
    resource,
    resourceAccountId,
    ...(bucket?.policy && { resourcePolicy: bucket.policy }),
  });
  if (!decision.allowed) throw new AwsFault('AccessDenied', 403, decision.message);
}

function checkKey(key: string): void {
  if (Buffer.byteLength(key) > 1024) throw new AwsFault('KeyTooLongError', 400, 'Your key is too long');
}

function parseCopySource(source: string): { bucket: string; key: string } {
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(source) ?? [];
  try {
    if (bucket && key) return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key) };
  } catch {
    // Falls through to the refusal.
  }
  throw new AwsFault(
    'InvalidArgument',
    400,
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
  );
}
