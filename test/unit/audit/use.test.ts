import { describe, expect, it } from 'vitest';
import { aGrant } from '../../../bench/audit/a-grant.ts';
import { idlenessOf, lastUseOf } from '../../../lib/audit/use.ts';

const day = 86_400_000;
const now = Date.parse('2027-01-31T12:00:00Z');
const around = {
  parentAccountId: '111111111111',
  proberRoleArn: 'arn:aws:iam::111111111111:role/prober',
  boundaryArn: 'b',
  now,
};
const ago = (days: number) => new Date(now - days * day).toISOString();
const grant = (changes: Parameters<typeof aGrant>[2]) =>
  aGrant(around, 1, { createdAt: ago(100), probes: [], ...changes });
const probe = (days: number) =>
  ({ probe: 'invoke sync', expected: 'allowed', observed: 'allowed', at: ago(days) }) as const;

describe('lastUseOf', () => {
  it('is the creation when the role was never used', () => {
    expect(lastUseOf(grant({}), undefined)).toBe(now - 100 * day);
  });

  it("is what IAM says when it lies well behind Sharemaker's own probes", () => {
    expect(lastUseOf(grant({ probes: [probe(99)] }), ago(10))).toBe(now - 10 * day);
  });

  it("is not Sharemaker's own probe", () => {
    const record = grant({ probes: [probe(99)], sampled: { at: ago(1), usedAt: ago(50) } });
    expect(lastUseOf(record, ago(1))).toBe(now - 50 * day);
    expect(lastUseOf(record, ago(0.5))).toBe(now - 0.5 * day);
  });

  it('is no earlier than the last change that was proven, because the proof hides what was before', () => {
    expect(lastUseOf(grant({ probes: [probe(20)] }), ago(20))).toBe(now - 20 * day);
    expect(lastUseOf(grant({ probes: [probe(20)], sampled: { at: ago(1), usedAt: ago(60) } }), ago(1))).toBe(
      now - 20 * day,
    );
  });
});

describe('idlenessOf', () => {
  const rules = { warnDays: 30, suspendDays: 60 };
  const at = { now, startedAt: now };

  it('is nothing while nobody wants to know, or the grant is in use', () => {
    expect(idlenessOf(grant({}), undefined, {}, at)).toBeUndefined();
    expect(idlenessOf(grant({}), ago(29), rules, at)).toBeUndefined();
  });

  it('begins on the day of the warning', () => {
    expect(idlenessOf(grant({}), ago(30), rules, at)).toMatchObject({ days: 30, maySuspend: false });
  });

  it('may suspend only what an earlier audit announced', () => {
    expect(idlenessOf(grant({}), ago(61), rules, at)).toMatchObject({
      isAnnounced: false,
      maySuspend: false,
    });
    const ownWord = grant({ unusedSince: ago(0) });
    expect(idlenessOf(ownWord, ago(61), rules, at)).toMatchObject({ isAnnounced: false, maySuspend: false });
    const announced = grant({ unusedSince: ago(20) });
    expect(idlenessOf(announced, ago(61), rules, at)).toMatchObject({ isAnnounced: true, maySuspend: true });
    expect(idlenessOf(announced, ago(59), rules, at)).toMatchObject({ isAnnounced: true, maySuspend: false });
  });

  it('forgets an announcement when the grant was used after it', () => {
    expect(idlenessOf(grant({ unusedSince: ago(80) }), ago(61), rules, at)).toMatchObject({
      maySuspend: false,
    });
  });
});
