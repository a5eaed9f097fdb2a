import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createS3, type S3 } from '../../../sandbox/s3/s3.ts';
import type { AccessQuestion } from '../../../sandbox/types.ts';
import { aRequest, authorizeBy, childAccount, parentAccount, serveService } from '../service-adapter.ts';

let isAllowed: (question: AccessQuestion) => boolean;
let questions: AccessQuestion[];
let s3: S3;
let server: Awaited<ReturnType<typeof serveService>>;
let client: S3Client;
const Bucket = 'predictions';

beforeEach(async () => {
  isAllowed = () => true;
  const access = authorizeBy((question) => isAllowed(question));
  questions = access.questions;
  s3 = createS3({ clock: { now: () => Date.UTC(2030, 0, 1) }, authorize: access.authorize });
  s3.createBucket(parentAccount, Bucket);
  server = await serveService(s3.service);
  client = new S3Client(server.clientOf());
});
afterEach(() => server.close());

const put = (Key: string, Body: string | Uint8Array = 'x', more = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key: string, more = {}) => client.send(new GetObjectCommand({ Bucket, Key, ...more }));
const list = async (more: Partial<ListObjectsV2CommandInput> = {}) =>
  client.send(new ListObjectsV2Command({ Bucket, ...more }));

describe('objects', () => {
  it('come back byte for byte, with their type and metadata', async () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, n) => n % 256);
    const written = await put('grants/grt_1/in/a b+ü.bin', bytes, {
      ContentType: 'application/x-npy',
      Metadata: { grant: 'grt_1' },
    });
    const read = await get('grants/grt_1/in/a b+ü.bin');
    expect(await read.Body?.transformToByteArray()).toEqual(bytes);
    expect(read).toMatchObject({
      ContentType: 'application/x-npy',
      ContentLength: 1000,
      Metadata: { grant: 'grt_1' },
      ETag: written.ETag,
      LastModified: new Date(Date.UTC(2030, 0, 1)),
    });
  });

  it('may be empty', async () => {
    await put('empty', new Uint8Array());
    expect(await (await get('empty')).Body?.transformToString()).toBe('');
  });

  it('are described without their bytes', async () => {
    await put('a', 'hello');
    expect(await client.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).toMatchObject({
      ContentLength: 5,
      ETag: '"5d41402abc4b2a76b9719d911017c592"',
      ContentType: expect.any(String),
    });
  });

  it('are overwritten by a second put and gone after a delete, which may be repeated', async () => {
    await put('a', 'one');
    await put('a', 'two');
    expect(await (await get('a')).Body?.transformToString()).toBe('two');
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await expect(get('a')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it.each([
    ['bytes=0-4', 'hello', 'bytes 0-4/11'],
    ['bytes=6-', 'world', 'bytes 6-10/11'],
    ['bytes=-5', 'world', 'bytes 6-10/11'],
    ['bytes=6-99', 'world', 'bytes 6-10/11'],
  ])('are read in part by Range %s', async (Range, text, ContentRange) => {
    await put('a', 'hello world');
    const read = await get('a', { Range });
    expect(read).toMatchObject({ ContentRange, $metadata: { httpStatusCode: 206 } });
    expect(await read.Body?.transformToString()).toBe(text);
  });

  it.each(['bytes=11-', 'bytes=5-2'])('refuse the range %s that they do not have', async (Range) => {
    await put('a', 'hello world');
    await expect(get('a', { Range })).rejects.toMatchObject({
      name: 'InvalidRange',
      $metadata: { httpStatusCode: 416 },
    });
  });

  it('are copied with their metadata, across buckets', async () => {
    s3.createBucket(parentAccount, 'other');
    await put('a b', 'hello', { Metadata: { k: 'v' } });
    await client.send(new CopyObjectCommand({ Bucket: 'other', Key: 'copy', CopySource: `${Bucket}/a%20b` }));
    const copy = await client.send(new GetObjectCommand({ Bucket: 'other', Key: 'copy' }));
    expect(copy.Metadata).toEqual({ k: 'v' });
    expect(await copy.Body?.transformToString()).toBe('hello');
    expect(questions.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['s3:GetObject', 's3:PutObject']),
    );
  });

  it('written in process are those read over HTTP, and the reverse', async () => {
    s3.put(Bucket, 'made/by-sagemaker', { body: Buffer.from('setosa'), contentType: 'text/csv' });
    const read = await get('made/by-sagemaker');
    expect(read.ContentType).toBe('text/csv');
    expect(await read.Body?.transformToString()).toBe('setosa');
    await put('by-client', 'row');
    expect(s3.get(Bucket, 'by-client')?.body.toString()).toBe('row');
  });
});

describe('refusals', () => {
  it('says NoSuchKey only to who may list the bucket, AccessDenied to others', async () => {
    await expect(get('missing')).rejects.toMatchObject({
      name: 'NoSuchKey',
      $metadata: { httpStatusCode: 404 },
    });
    isAllowed = ({ action }) => action !== 's3:ListBucket';
    await expect(get('missing')).rejects.toMatchObject({
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
    });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'missing' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('says NoSuchBucket for a bucket that is not there', async () => {
    await expect(
      client.send(new PutObjectCommand({ Bucket: 'nowhere', Key: 'a', Body: 'x' })),
    ).rejects.toMatchObject({ name: 'NoSuchBucket', $metadata: { httpStatusCode: 404 } });
  });

  it.each([
    ['s3:PutObject', () => put('a')],
    ['s3:GetObject', () => get('a')],
    ['s3:DeleteObject', () => client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))],
    ['s3:ListBucket', () => list()],
  ])('refuses without %s, and nothing changes', async (action, send) => {
    s3.put(Bucket, 'a', { body: Buffer.from('before') });
    isAllowed = (question) => question.action !== action;
    await expect(send()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`is not authorized to perform: ${action}`),
    });
    expect(s3.get(Bucket, 'a')?.body.toString()).toBe('before');
  });

  it('asks with the owner of the bucket and its policy', async () => {
    const policy = { Version: '2012-10-17', Statement: [] } as const;
    s3.createBucket(childAccount, 'theirs', { policy });
    await client.send(new PutObjectCommand({ Bucket: 'theirs', Key: 'k/1', Body: 'x' }));
    expect(questions).toMatchObject([
      {
        action: 's3:PutObject',
        resource: 'arn:aws:s3:::theirs/k/1',
        resourceAccountId: childAccount,
        resourcePolicy: policy,
      },
    ]);
  });

  it('refuses bytes that are not those of their checksum', async () => {
    await expect(put('a', 'hello', { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' })).rejects.toMatchObject({
      name: 'BadDigest',
    });
    expect(s3.get(Bucket, 'a')).toBeUndefined();
  });

  it('refuses a key over 1,024 bytes and metadata over 2 KB', async () => {
    await expect(put('k'.repeat(1025))).rejects.toMatchObject({ name: 'KeyTooLongError' });
    await expect(put('a', 'x', { Metadata: { m: 'x'.repeat(2048) } })).rejects.toMatchObject({
      name: 'MetadataTooLarge',
    });
  });

  it('refuses an object over 30 MB', async () => {
    const response = await s3.service.handle(
      aRequest({ method: 'PUT', path: `/${Bucket}/big`, body: Buffer.alloc(30 * 1024 * 1024 + 1) }),
    );
    expect(response.status).toBe(400);
    expect(String(response.body)).toContain('<Code>EntityTooLarge</Code>');
  });

  it.each([
    ['PUT', `/${Bucket}/a`, 'acl'],
    ['POST', `/${Bucket}/a`, 'uploads'],
    ['DELETE', `/${Bucket}`, ''],
    ['GET', `/${Bucket}/%ZZ`, ''],
  ])('says NotImplemented to %s %s?%s', async (method, path, query) => {
    expect(await s3.service.handle(aRequest({ method, path, query }))).toMatchObject({ status: 501 });
  });
});

describe('buckets', () => {
  it('are created, found and listed by their owner', async () => {
    await client.send(new CreateBucketCommand({ Bucket: 'new-bucket' }));
    await client.send(new CreateBucketCommand({ Bucket: 'new-bucket' }));
    expect(await client.send(new HeadBucketCommand({ Bucket: 'new-bucket' }))).toMatchObject({
      BucketRegion: 'us-east-1',
    });
    const listed = await client.send(new ListBucketsCommand({}));
    expect(listed.Buckets?.map(({ Name }) => Name)).toEqual([Bucket, 'new-bucket']);
    expect(
      (await new S3Client(server.clientOf(childAccount)).send(new ListBucketsCommand({}))).Buckets ?? [],
    ).toEqual([]);
  });

  it('have one owner in the world', async () => {
    await expect(
      new S3Client(server.clientOf(childAccount)).send(new CreateBucketCommand({ Bucket })),
    ).rejects.toMatchObject({ name: 'BucketAlreadyExists' });
    expect(() => s3.createBucket(childAccount, Bucket)).toThrow('another account');
    expect(s3.ownerOf(Bucket)).toBe(parentAccount);
  });

  it.each(['Upper', 'ab', '192.168.0.1', 'a..b', '-a-'])('refuse the name %s', async (name) => {
    const response = await s3.service.handle(aRequest({ method: 'PUT', path: `/${name}` }));
    expect(String(response.body)).toContain('<Code>InvalidBucketName</Code>');
  });

  it('say where they are', async () => {
    s3.createBucket(parentAccount, 'elsewhere', { region: 'eu-west-1' });
    const where = (bucket: string) => client.send(new GetBucketLocationCommand({ Bucket: bucket }));
    expect((await where('elsewhere')).LocationConstraint).toBe('eu-west-1');
    expect((await where(Bucket)).LocationConstraint ?? '').toBe('');
  });

  it('keep their objects when the stack gives them a policy', () => {
    s3.put(Bucket, 'a', { body: Buffer.from('x') });
    s3.createBucket(parentAccount, Bucket, { policy: { Statement: [] } });
    expect(s3.get(Bucket, 'a')?.body.toString()).toBe('x');
  });
});

describe('ListObjectsV2', () => {
  const keys = ['a', 'b/1', 'b/2', 'b/3', 'c d', 'é'];
  beforeEach(() => {
    for (const key of keys) s3.put(Bucket, key, { body: Buffer.from(key) });
  });

  it.each([1, 2, 4, 1000])('gives every key once, in order, %i at a time', async (MaxKeys) => {
    const seen: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await list({ MaxKeys, ...(ContinuationToken && { ContinuationToken }) });
      expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys);
      seen.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    expect(seen).toEqual(keys);
  });

  it('lists under a prefix', async () => {
    const page = await list({ Prefix: 'b/' });
    expect(page.Contents).toMatchObject([{ Key: 'b/1', Size: 3 }, { Key: 'b/2' }, { Key: 'b/3' }]);
    expect(page.IsTruncated).toBe(false);
  });

  it('folds keys at the delimiter, each folder once over all pages', async () => {
    const whole = await list({ Delimiter: '/' });
    expect(whole.CommonPrefixes).toEqual([{ Prefix: 'b/' }]);
    expect(whole.Contents?.map(({ Key }) => Key)).toEqual(['a', 'c d', 'é']);
    const first = await list({ Delimiter: '/', MaxKeys: 2 });
    const second = await list({ Delimiter: '/', MaxKeys: 2, ContinuationToken: first.NextContinuationToken });
    expect(second.CommonPrefixes ?? []).toEqual([]);
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['c d', 'é']);
  });

  it('encodes keys when asked to', async () => {
    expect((await list({ EncodingType: 'url', Prefix: 'c' })).Contents?.[0]?.Key).toBe('c%20d');
  });

  it('refuses a token that it did not give, and a size that is none', async () => {
    await expect(list({ ContinuationToken: '!!' })).rejects.toMatchObject({ name: 'InvalidArgument' });
    await expect(list({ MaxKeys: -1 })).rejects.toMatchObject({ name: 'InvalidArgument' });
  });
});
