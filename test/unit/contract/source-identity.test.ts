import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceIdentityOf } from '../../../lib/contract/source-identity.ts';

describe('the source identity of a caller', () => {
  it.each([
    ['arn:aws:iam::222222222222:user/anna', 'anna'],
    ['arn:aws:iam::222222222222:user/teams/ml/anna', 'anna'],
    ['arn:aws:sts::222222222222:assumed-role/scoring/job-7', 'job-7@scoring'],
    ['arn:aws:iam::222222222222:root', 'root'],
    ['arn:aws:iam::222222222222:user/a', 'a-'],
    ['', '--'],
  ])('%s is %s', (arn, identity) => {
    expect(sourceIdentityOf(arn)).toBe(identity);
  });

  it('is always one that STS takes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (arn) => {
        expect(sourceIdentityOf(arn)).toMatch(/^[\w+=,.@-]{2,64}$/);
      }),
    );
  });
});
