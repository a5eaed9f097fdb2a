import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import * as field from '../../../lib/contract/fields.ts';

const id = '01jd0000000000000000000001';
/** What IAM would fill in. */
const policyVariable = '$'.concat('{aws:username}');
const name63 = 'a'.repeat(63);

/** Every field at its edges: what it takes, and what it refuses. */
const cases: Readonly<
  Record<string, { schema: z.ZodType; takes: readonly unknown[]; refuses: readonly unknown[] }>
> = {
  accountId: {
    schema: field.accountId,
    takes: ['000000000000', '222222222222'],
    refuses: [
      '22222222222',
      '2222222222222',
      '22222222222x',
      ' 222222222222',
      '222222222222\n',
      222222222222,
    ],
  },
  region: {
    schema: field.region,
    takes: ['us-east-1', 'ap-southeast-12', 'us-gov-west-1', 'cn-north-1'],
    refuses: ['us-east', 'US-EAST-1', 'us_east_1', 'us-east-1a', 'us-east-1.evil.example', ''],
  },
  endpointName: {
    schema: field.endpointName,
    takes: ['a', 'Iris-Classifier', 'a--b', name63],
    refuses: ['', '-a', 'a-', 'a_b', 'a/b', `${name63}a`, 'a\n', '*'],
  },
  grantId: {
    schema: field.grantId,
    takes: [`grt_${id}`],
    refuses: [id, `aud_${id}`, `grt_${id.toUpperCase()}`, `grt_${id}0`, `grt_${id.slice(1)}i`, '..', ''],
  },
  auditId: { schema: field.auditId, takes: [`aud_${id}`], refuses: [`grt_${id}`, 'aud_', ''] },
  alias: {
    schema: field.alias,
    takes: ['a', '0', 'iris-2027', name63],
    refuses: ['', '-a', 'a-', 'Iris', 'a.b', 'a#b', 'a/b', '..', `${name63}a`],
  },
  principalPattern: {
    schema: field.principalPattern,
    takes: [
      'arn:aws:iam::222222222222:role/scoring-*',
      'arn:aws:iam::222222222222:user/path/anna',
      'arn:aws-us-gov:iam::222222222222:role/x',
    ],
    refuses: [
      '*',
      'arn:aws:iam::*:role/x',
      'arn:aws:iam::222222222222:root',
      'arn:aws:iam::222222222222:role/',
      `arn:aws:iam::222222222222:role/${policyVariable}`,
      `arn:aws:iam::222222222222:role/${'x'.repeat(500)}`,
    ],
  },
  orgId: {
    schema: field.orgId,
    takes: ['o-a1b2c3d4e5'],
    refuses: ['o-a1b2c3d4e', 'a1b2c3d4e5', 'o-A1B2C3D4E5', `o-${'a'.repeat(33)}`, 'o-*'],
  },
  modes: {
    schema: field.modes,
    takes: [['sync'], ['stream', 'async', 'sync']],
    refuses: [[], ['sync', 'sync'], ['batch'], 'sync', ['sync', 'stream', 'async', 'sync'], null],
  },
  modelPattern: {
    schema: field.modelPattern,
    takes: ['tenant-a/*', 'm.tar.gz', 'a model', '?', '!'],
    refuses: ['', ' a', 'a\n', 'ü', policyVariable, 'a'.repeat(257)],
  },
  inferenceComponent: {
    schema: field.inferenceComponent,
    takes: ['llm-a', 'A', name63],
    refuses: ['', '-a', 'a-', 'a*', `${name63}a`],
  },
  cidr: {
    schema: field.cidr,
    takes: ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1'],
    refuses: ['10.0.0.0/33', '10.0.0', '300.0.0.1', 'localhost', '', '*'],
  },
  vpcEndpointId: {
    schema: field.vpcEndpointId,
    takes: ['vpce-0a1b2c3d', 'vpce-0a1b2c3d4e5f60718'],
    refuses: ['vpce-0a1b2c3', 'vpc-0a1b2c3d', 'vpce-*', 'vpce-0A1B2C3D'],
  },
  instant: {
    schema: field.instant,
    takes: ['2027-02-21T00:00:00Z', '2027-02-21T02:00:00+02:00', '2028-02-29T00:00:00.123Z'],
    refuses: ['2027-02-21', '2027-02-21T00:00:00', '2027-02-30T00:00:00Z', 'tomorrow', 1_800_000_000_000],
  },
  note: { schema: field.note, takes: ['', 'x'.repeat(1000)], refuses: ['x'.repeat(1001), 1] },
  externalId: {
    schema: field.externalId,
    takes: ['ab', 'a+=,.@:/-_', 'x'.repeat(1224)],
    refuses: ['a', 'a b', 'x'.repeat(1225), 'a"b'],
  },
  outputPathExtension: {
    schema: field.outputPathExtension,
    takes: ['x', 'grants/grt_01/out', 'x'.repeat(512)],
    refuses: ['', 's3://bucket/x', 'https://x', 'a b', 'a\r\nb', 'x'.repeat(513)],
  },
  pageLimit: {
    schema: field.pageLimit,
    takes: ['1', '100', 25],
    refuses: ['0', '101', '1.5', 'many', '-1', '1e9', 'Infinity'],
  },
  cursor: { schema: field.cursor, takes: ['x', 'x'.repeat(2048)], refuses: ['', 'x'.repeat(2049)] },
};

describe.each(Object.entries(cases))('%s', (_name, { schema, takes, refuses }) => {
  it.each(takes.map((value) => [value]))('takes %j', (value) => {
    expect(schema.safeParse(value).error).toBeUndefined();
  });

  it.each(refuses.map((value) => [value]))('refuses %j', (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});

describe('the edges', () => {
  it('are tested for every field', () => {
    const fields = Object.keys(field).filter((name) => name !== 'mode');
    expect(Object.keys(cases).sort()).toEqual(fields.sort());
  });

  it('of time are answered in UTC, to the millisecond', () => {
    expect(field.instant.parse('2027-02-21T02:00:00+02:00')).toBe('2027-02-21T00:00:00.000Z');
  });
});
