import { expect, it } from 'vitest';
import * as field from '../../../lib/contract/fields.ts';
import { grantIdOf, newExternalId, newId } from '../../../lib/grant/ids.ts';

it('makes ids that the contract takes, in order of time', () => {
  const [early, late] = [newId('grt', 1_800_000_000_000), newId('grt', 1_800_000_000_001)];
  expect(field.grantId.safeParse(early).success).toBe(true);
  expect(field.auditId.safeParse(newId('aud', 1_800_000_000_000)).success).toBe(true);
  expect(early < late).toBe(true);
});

it('names one grant for one caller and key, and another for any other', () => {
  const id = grantIdOf('arn:aws:iam::111111111111:user/a', 'key');
  expect(field.grantId.safeParse(id).success).toBe(true);
  expect(grantIdOf('arn:aws:iam::111111111111:user/a', 'key')).toBe(id);
  expect(grantIdOf('arn:aws:iam::111111111111:user/b', 'key')).not.toBe(id);
  expect(grantIdOf('arn:aws:iam::111111111111:user/a', 'kez')).not.toBe(id);
  // Where one ends and the other begins matters.
  expect(grantIdOf('ab', 'c')).not.toBe(grantIdOf('a', 'bc'));
});

it('makes external ids of 192 bits in characters that STS takes, never twice', () => {
  const made = Array.from({ length: 1_000 }, newExternalId);
  expect(new Set(made).size).toBe(1_000);
  for (const id of made) {
    expect(Buffer.from(id, 'base64url')).toHaveLength(24);
    expect(field.externalId.safeParse(id).success).toBe(true);
  }
});
