import { describe, expect, it } from 'vitest';
import { aGrant } from '../../../bench/audit/a-grant.ts';
import { idlenessOf, lastUseOf, mayBeSampled } from '../../../lib/audit/use.ts';
import { createLastUsed } from '../../../sandbox/iam/last-used.ts';

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

  it('is what IAM says', () => {
    expect(lastUseOf(grant({ probes: [probe(99)] }), ago(10))).toBe(now - 10 * day);
  });

  it("is no earlier than Sharemaker's own last probe, because that hides what was shortly before it", () => {
    expect(lastUseOf(grant({ probes: [probe(20)] }), ago(30))).toBe(now - 20 * day);
    expect(lastUseOf(grant({ probes: [probe(20)], sampledAt: ago(1) }), ago(30))).toBe(now - day);
  });
});

const rules = { warnDays: 30, suspendDays: 60 };

describe('mayBeSampled', () => {
  it('is said of every grant while nobody wants to know of disuse', () => {
    expect(mayBeSampled(grant({ sampledAt: ago(0) }), ago(0), {})).toBe(true);
  });

  it('is said only of what its child has used since the last probe', () => {
    const sampled = grant({ sampledAt: ago(1) });
    for (const usedAt of [undefined, ago(2), ago(1), ago(1 - 0.01)])
      expect(mayBeSampled(sampled, usedAt, rules)).toBe(false);
    expect(mayBeSampled(sampled, ago(1 - 0.02), rules)).toBe(true);
    expect(mayBeSampled(grant({}), undefined, { suspendDays: 60 })).toBe(false);
  });
});

describe('idlenessOf', () => {
  const at = { now, startedAt: now };

  it('is nothing while nobody wants to know, or the grant is in use', () => {
    expect(idlenessOf(grant({}), undefined, {}, at)).toBeUndefined();
    expect(idlenessOf(grant({}), ago(29), rules, at)).toBeUndefined();
  });

  it('begins on the day of the warning, and a day later for what IAM does not tell yet', () => {
    expect(idlenessOf(grant({}), ago(30.9), rules, at)).toBeUndefined();
    expect(idlenessOf(grant({}), ago(31), rules, at)).toMatchObject({ days: 31, maySuspend: false });
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
    expect(idlenessOf(announced, ago(60), rules, at)).toMatchObject({ isAnnounced: true, maySuspend: false });
  });

  it('forgets an announcement when the grant was used after it', () => {
    expect(idlenessOf(grant({ unusedSince: ago(80) }), ago(61), rules, at)).toMatchObject({
      maySuspend: false,
    });
  });
});

describe('with an audit every hour that probes whatever it may', () => {
  const hour = day / 24;

  /** Hours at which the grant counts as unused. `isUsed`: whether the child calls at that minute. */
  function live(days: number, lagHours: number, isUsed: (minute: number) => boolean) {
    let time = now;
    const lastUsed = createLastUsed({ now: () => time });
    lastUsed.setLag(lagHours * 3600);
    const isoOf = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());
    let record = grant({ createdAt: new Date(now).toISOString() });
    const idle: number[] = [];
    let probed = 0;
    for (let minute = 1; minute <= days * 24 * 60; minute++) {
      time = now + (minute * hour) / 60;
      if (isUsed(minute)) lastUsed.note('role', 'us-east-1');
      if (minute % 60 !== 0) continue;
      const seen = isoOf(lastUsed.of('role')?.at);
      if (idlenessOf(record, seen, rules, { now: time, startedAt: time })) idle.push(minute / 60);
      if (!mayBeSampled(record, seen, rules)) continue;
      record = { ...record, sampledAt: new Date(time).toISOString() };
      lastUsed.note('role', 'us-east-1');
      probed++;
    }
    return { idle, probed };
  }

  for (const lagHours of [0, 4, 12]) {
    it(`a busy grant is never unused, ${lagHours} h behind`, () => {
      const { idle, probed } = live(70, lagHours, (minute) => minute % 10 === 5);
      expect(idle).toEqual([]);
      expect(probed).toBeGreaterThan(70);
    });

    it(`a job soon after an audit, once a day, is seen, ${lagHours} h behind`, () => {
      expect(live(70, lagHours, (minute) => minute % 1440 === 3).idle).toEqual([]);
    });

    it(`a grant that is not used any more is found, ${lagHours} h behind`, () => {
      const { idle } = live(70, lagHours, (minute) => minute < 5 * 1440);
      expect(idle[0]).toBeGreaterThanOrEqual(36 * 24);
      expect(idle[0]).toBeLessThan(37 * 24);
    });
  }
});
