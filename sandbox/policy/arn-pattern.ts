import { matches, type Token, tokensOf } from './pattern.ts';
import { type Piece, patternOf } from './variables.ts';

/**
 * Whether a Resource pattern covers an ARN ("IAM JSON policy elements: Resource"). Case matters. Before the fifth
 * colon a wildcard stays in its segment, unless it is the `*` that ends the segment: that one may go on past
 * colons, which is why `arn:aws:s3:*` covers every bucket. After it, wildcards match anything, `/` and `:` too.
 * Variables are allowed only after the fifth colon ("Where you can use policy variables").
 */
export function coversResource(pieces: readonly Piece[], resource: string): boolean {
  const [only, ...others] = pieces;
  if (only && others.length === 0 && !/[*?]/.test(only.text)) return only.text === resource;
  const tokens: Token[] = [];
  let colons = 0;
  for (const { text, isVariable } of pieces) {
    if (isVariable && colons < 5) return false;
    const characters = isVariable ? tokensOf(text, false) : tokensOf(text, true);
    for (const [index, token] of characters.entries()) {
      if (isColon(token) && !isVariable) colons += 1;
      const next = characters[index + 1];
      const endsSegment = next === undefined || isColon(next);
      tokens.push(colons < 5 ? confined(token, endsSegment) : token);
    }
  }
  return matches(tokens, resource);
}

/**
 * ArnEquals and ArnLike alike ("Amazon Resource Name (ARN) condition operators"): each of the six parts is
 * matched by itself, each may have wildcards.
 * @returns undefined when the pattern is no ARN.
 */
export function arnMatcher(pieces: readonly Piece[]): ((arn: string) => boolean | 'unclear') | undefined {
  const expected = splitArn(patternOf(pieces), isColon);
  if (expected === undefined) return undefined;
  return (arn) => {
    const actual = splitArn(Array.from(arn), (character) => character === ':');
    if (actual === undefined) return 'unclear';
    return expected.every((part, index) => matches(part, (actual[index] ?? []).join('')));
  };
}

function confined(token: Token, endsSegment: boolean): Token {
  if ('character' in token || (token.wildcard === 'many' && endsSegment)) return token;
  return { ...token, isWithinSegment: true };
}

function isColon(token: Token): boolean {
  return 'character' in token && token.character === ':';
}

/** The six parts of an ARN; the last one keeps its colons. */
function splitArn<T>(items: readonly T[], isSeparator: (item: T) => boolean): T[][] | undefined {
  const parts: T[][] = [[]];
  for (const item of items) {
    if (isSeparator(item) && parts.length < 6) parts.push([]);
    else parts.at(-1)?.push(item);
  }
  return parts.length === 6 ? parts : undefined;
}
