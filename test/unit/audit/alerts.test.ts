import { expect, it } from 'vitest';
import { newest } from '../../../lib/audit/alerts.ts';

const toldBy = (auditId: string) => ({ at: '2027-01-01T00:00:00.000Z', auditId });

it('what was told is kept within bounds, and what the last audit found the longest', () => {
  const told = { a: toldBy('aud_2'), b: toldBy('aud_1'), c: toldBy('aud_2') };
  expect(newest(told, 2)).toEqual({ a: toldBy('aud_2'), c: toldBy('aud_2') });
  expect(newest(told)).toEqual(told);
  const many = Object.fromEntries(
    Array.from({ length: 3_000 }, (_, index) => [
      `fingerprint-${index}`.padEnd(22),
      toldBy(`aud_${'0'.repeat(26)}`),
    ]),
  );
  expect(Buffer.byteLength(JSON.stringify(newest(many)))).toBeLessThan(350_000);
});
