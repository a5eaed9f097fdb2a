/** One step of a pattern: a character as it is, or a wildcard. */
export type Token =
  | { readonly character: string }
  | { readonly wildcard: 'one' | 'many'; readonly isWithinSegment?: boolean };

/** The characters of a text; with wildcards, `*` is any run and `?` any one character. */
export function tokensOf(text: string, hasWildcards: boolean): Token[] {
  return Array.from(text, (character) => {
    const wildcard = hasWildcards ? wildcards[character] : undefined;
    return wildcard === undefined ? { character } : { wildcard };
  });
}

/**
 * Whether the whole text matches. Steps are at most tokens × characters, whatever the pattern: the set of places
 * reachable in the text is carried along, so there is nothing to go back to and no pattern that takes long.
 * A wildcard marked `isWithinSegment` does not match a colon.
 */
export function matches(pattern: readonly Token[], text: string): boolean {
  const characters = Array.from(text);
  // Most patterns differ from most texts before their first wildcard.
  const wildcardAt = pattern.findIndex((token) => 'wildcard' in token);
  const plainLength = wildcardAt === -1 ? pattern.length : wildcardAt;
  for (let index = 0; index < plainLength; index += 1) {
    const token = pattern[index];
    if (token && 'character' in token && token.character !== characters[index]) return false;
  }
  if (wildcardAt === -1) return characters.length === plainLength;

  const rest = characters.slice(plainLength);
  let reached = new Uint8Array(rest.length + 1);
  reached[0] = 1;
  for (const token of pattern.slice(plainLength)) reached = advance(reached, token, rest);
  return reached[rest.length] === 1;
}

/** The same of a pattern as it is written; without a wildcard it is a comparison. */
export function matchesText(pattern: string, text: string): boolean {
  return /[*?]/.test(pattern) ? matches(tokensOf(pattern, true), text) : pattern === text;
}

const wildcards: Readonly<Record<string, 'one' | 'many' | undefined>> = { '*': 'many', '?': 'one' };

/** From the places reached before a token to those reached after it; a place is a number of characters. */
function advance(reached: Uint8Array, token: Token, characters: readonly string[]): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(reached.length);
  const isMany = 'wildcard' in token && token.wildcard === 'many';
  if (isMany) next[0] = reached[0] ?? 0;
  for (const [index, character] of characters.entries()) {
    const isFromHere = reached[index] === 1 || (isMany && next[index] === 1);
    const isConsumed = isFromHere && accepts(token, character);
    const isEmptyRun = isMany && reached[index + 1] === 1;
    next[index + 1] = isConsumed || isEmptyRun ? 1 : 0;
  }
  return next;
}

function accepts(token: Token, character: string): boolean {
  if ('character' in token) return token.character === character;
  return !(token.isWithinSegment && character === ':');
}
