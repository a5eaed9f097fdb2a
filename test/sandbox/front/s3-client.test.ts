/** The real S3 client, whose bodies come in forms of their own, through the front. */

import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRequestHandler } from '../../../sandbox/front/request-handler.ts';
import { createS3 } from '../../../sandbox/s3/s3.ts';
import { aFront, keys } from './a-front.ts';

const s3 = createS3({ clock: { now: () => Date.now() }, authorize: () => ({ allowed: true }) });
s3.createBucket('111111111111', 'a-bucket');
const front = aFront([s3.service]);
const configuration = { region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 };
let server: Awaited<ReturnType<typeof front.listen>>;
beforeAll(async () => {
  server = await front.listen(0);
});
afterAll(() => server.close());

const clients = {
  'in process': (credentials = keys) =>
    new S3Client({
      ...configuration,
      credentials,
      endpoint: 'http://127.0.0.1',
      requestHandler: createRequestHandler(front),
    }),
  'over a socket': (credentials = keys) =>
    new S3Client({ ...configuration, credentials, endpoint: `http://127.0.0.1:${server.port}` }),
};

describe.each(Object.entries(clients))('%s', (_how, client) => {
  const Bucket = 'a-bucket';

  it('puts and gets bytes under a key that needs encoding', async () => {
    const Key = "in/a b+c&d='é'(1)*!.csv";
    await client().send(new PutObjectCommand({ Bucket, Key, Body: 'grüße' }));
    const { Body } = await client().send(new GetObjectCommand({ Bucket, Key }));
    expect(await Body?.transformToString()).toBe('grüße');
  });

  it('puts a stream, which comes in chunks with a trailer, and stores what was in them', async () => {
    const pieces = ['one,', 'two,', 'three'].map((text) => Buffer.from(text.repeat(5000)));
    const whole = Buffer.concat(pieces);
    await client().send(
      new PutObjectCommand({
        Bucket,
        Key: 'stream',
        Body: Readable.from(pieces),
        ContentLength: whole.length,
      }),
    );
    expect(s3.get(Bucket, 'stream')?.body.equals(whole)).toBe(true);
  });

  it('is refused with a wrong secret', async () => {
    const forger = client({ ...keys, secretAccessKey: 'guessed' });
    await expect(forger.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
  });
});
