import { expect, it } from 'vitest';
import { commonText, covers, matches } from '../../../lib/audit/wildcards.ts';

/** Every pattern of up to three characters against every text of up to five, by brute force. */
const letters = ['a', 'b'];
const texts = grow(letters, 5);
const patterns = grow([...letters, '*', '?'], 3);
const read = (pattern: string) => new RegExp(`^${pattern.replaceAll('*', '[ab]*').replaceAll('?', '[ab]')}$`);
const taken = new Map(
  patterns.map((pattern) => [pattern, new Set(texts.filter((text) => read(pattern).test(text)))]),
);
const of = (pattern: string) => taken.get(pattern) ?? new Set<string>();

it('takes in exactly the texts that a pattern stands for', () => {
  for (const pattern of patterns)
    for (const text of texts)
      expect(matches(pattern, text), `${pattern} ${text}`).toBe(of(pattern).has(text));
});

it('finds a text that two patterns have in common exactly when there is one', () => {
  for (const a of patterns)
    for (const b of patterns) {
      const common = commonText(a, b);
      const hasOne = [...of(a)].some((text) => of(b).has(text));
      expect(common !== undefined, `${a} ${b}`).toBe(hasOne);
      if (common !== undefined)
        expect(matches(a, common) && matches(b, common), `${a} ${b} ${common}`).toBe(true);
    }
});

it('never says wrongly that one pattern takes in all of another', () => {
  let count = 0;
  for (const wide of patterns)
    for (const narrow of patterns)
      if (covers(wide, narrow)) {
        count++;
        expect(
          [...of(narrow)].every((text) => of(wide).has(text)),
          `${wide} ${narrow}`,
        ).toBe(true);
      }
  expect(count).toBeGreaterThan(patterns.length);
});

it('is not slowed down by a pattern that is all wildcards', () => {
  const hostile = '*a'.repeat(500);
  const long = 'a'.repeat(2_000);
  // A matcher that tries every way would not end, nor would this test.
  expect(matches(`${hostile}b`, long)).toBe(false);
});

function grow(alphabet: readonly string[], lengthMax: number): string[] {
  let last = [''];
  const all = [''];
  for (let length = 1; length <= lengthMax; length++) {
    last = last.flatMap((text) => alphabet.map((letter) => text + letter));
    all.push(...last);
  }
  return all;
}
