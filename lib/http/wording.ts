/** What a wrong field should have been, in words, where lib/contract has none of its own for it. */

import type { z } from 'zod';

/** For `safeParse(value, { error: wording })`. No value is ever quoted: it may be a secret. */
export const wording: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type': {
      const kind = kinds[issue.expected] ?? `of type ${issue.expected}`;
      return issue.input === undefined ? `is required and must be ${kind}` : `must be ${kind}`;
    }
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of: '}${issue.values.join(', ')}`;
    case 'too_big':
      return `must be at most ${amount(issue.maximum, issue.origin)}`;
    case 'too_small':
      return `must be at least ${amount(issue.minimum, issue.origin)}`;
    default:
      return undefined;
  }
};

const kinds: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function amount(bound: number | bigint, origin: string): string {
  const unit = { string: 'character', array: 'entry' }[origin];
  if (!unit) return String(bound);
  if (Number(bound) === 1) return `1 ${unit} long`;
  return `${bound} ${unit === 'entry' ? 'entries' : `${unit}s`} long`;
}
