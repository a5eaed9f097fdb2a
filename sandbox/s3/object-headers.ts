/** What travels with an object beside its bytes. */

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsFault } from '../aws-fault.ts';

type Headers = Readonly<Record<string, string>>;

/** System metadata that GetObject gives back as it came. */
const systemHeaders = [
  'content-type',
  'content-disposition',
  'content-language',
  'cache-control',
  'expires',
] as const;

/** @throws AwsFault MetadataTooLarge: names and values of `x-amz-meta-*` may be 2 KB together. */
export function storedHeaders(headers: Headers): Record<string, string> {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  const bytes = metadata.reduce(
    (sum, [name, value]) => sum + name.length - 'x-amz-meta-'.length + Buffer.byteLength(value),
    0,
  );
  if (bytes > 2048)
    throw new AwsFault(
      'MetadataTooLarge',
      400,
      'Your metadata headers exceed the maximum allowed metadata size',
    );
  const encoding = contentEncoding(headers['content-encoding']);
  return Object.fromEntries([
    ...systemHeaders.flatMap((name) => (headers[name] ? [[name, headers[name]]] : [])),
    ...(encoding ? [['content-encoding', encoding]] : []),
    ...metadata,
  ]);
}

/** `aws-chunked` says how the request was framed, not what the object is. */
function contentEncoding(value: string | undefined): string | undefined {
  const rest = value
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== 'aws-chunked');
  return rest?.join(',') || undefined;
}

/** Header → the digest of a body, as that header spells it. */
const digests: Readonly<Record<string, (body: Buffer) => string>> = {
  'content-md5': (body) => createHash('md5').update(body).digest('base64'),
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest('base64'),
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest('base64'),
  'x-amz-checksum-crc32': (body) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString('base64');
  },
};

/** @throws AwsFault BadDigest when the bytes are not those that were sent. */
export function checkDigests(headers: Headers, body: Buffer): void {
  for (const [name, digest] of Object.entries(digests))
    if (headers[name] !== undefined && headers[name] !== digest(body))
      throw new AwsFault('BadDigest', 400, `The ${name} you specified did not match what we received.`);
}
