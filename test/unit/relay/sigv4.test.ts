import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sign } from '../../../lib/relay/sigv4.ts';
import { canonicalQuery } from '../../../sandbox/front/canonical.ts';
import suite from '../../sandbox/sigv4/header-vectors.json' with { type: 'json' };
import s3Examples from '../../sandbox/sigv4/s3-examples.json' with { type: 'json' };

interface Vector {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  readonly signedHeaders?: readonly string[];
  readonly signature: string;
}

/** What the signer adds by itself. */
const added = ['x-amz-date', 'x-amz-security-token', 'authorization'];

/** A token that is sent but not signed is for AWS IoT alone. */
const notOurs = ['post-sts-header-after'];

function signatureOf(vector: Vector, from: typeof suite | typeof s3Examples): string | undefined {
  const { 'x-amz-security-token': sessionToken } = vector.headers;
  const given = Object.entries(vector.headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !added.includes(entry[0]),
  );
  const signed = sign(
    {
      ...vector,
      // The relay's own requests are of this form from the start.
      path: from === s3Examples ? vector.path : posix.normalize(vector.path),
      query: canonicalQuery(vector.query),
      headers: Object.fromEntries(given),
      body: vector.body ?? '',
    },
    {
      credentials: { ...from.credentials, ...(sessionToken !== undefined && { sessionToken }) },
      region: from.scope.region,
      service: from.scope.service,
      now: Date.parse(from.timestamp.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5')),
    },
  );
  return /Signature=(\w+)$/.exec(signed['authorization'] ?? '')?.[1];
}

describe("AWS's published vectors", () => {
  it.each((suite.vectors as readonly Vector[]).filter(({ name }) => !notOurs.includes(name)))(
    '$name',
    (vector) => {
      expect(signatureOf(vector, suite)).toBe(vector.signature);
    },
  );
});

/** Our bodies are whole and hashed; AWS's examples of presigned and chunked requests are not of this kind. */
const whole = (s3Examples.vectors as readonly Vector[]).filter(
  ({ headers, signature }) => signature && /^[0-9a-f]{64}$/.test(headers['x-amz-content-sha256'] ?? ''),
);

describe("AWS's worked examples for S3", () => {
  it.each(whole)('$name', (vector) => {
    expect(signatureOf(vector, s3Examples)).toBe(vector.signature);
  });
});
