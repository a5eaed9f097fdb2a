import { type Token, tokensOf } from './pattern.ts';
import type { RequestContext } from './request-context.ts';

/** A stretch of a policy's text: written there, or put in for a variable (then nothing in it is a wildcard). */
export interface Piece {
  readonly text: string;
  readonly isVariable: boolean;
}

/**
 * Puts the request's values in place of `${…}` (IAM User Guide, "IAM policy elements: Variables and tags"):
 * single-valued keys, a default in quotes, and `${*}`, `${?}`, `${$}` for the bare characters. Only a policy of
 * version 2012-10-17 has variables; in an older one they are plain text.
 * @returns undefined when a variable has no value and no default: then nothing may match.
 */
export function expand(
  text: string,
  context: RequestContext,
  hasVariables: boolean,
): readonly Piece[] | undefined {
  if (!hasVariables) return [{ text, isVariable: false }];
  const pieces: Piece[] = [];
  let end = 0;
  for (const found of text.matchAll(variable)) {
    const value = resolve(found[1] ?? '', context);
    if (value === undefined) return undefined;
    pieces.push({ text: text.slice(end, found.index), isVariable: false }, { text: value, isVariable: true });
    end = found.index + found[0].length;
  }
  return [...pieces, { text: text.slice(end), isVariable: false }];
}

export function plainText(pieces: readonly Piece[]): string {
  return pieces.map((piece) => piece.text).join('');
}

export function patternOf(pieces: readonly Piece[]): Token[] {
  return pieces.flatMap((piece) => tokensOf(piece.text, !piece.isVariable));
}

const variable = /\$\{([^}]*)\}/g;
const specialCharacters: readonly string[] = ['*', '?', '$'];

function resolve(expression: string, context: RequestContext): string | undefined {
  if (specialCharacters.includes(expression)) return expression;
  const [, key = '', fallback] = /^([^,]+)(?:,\s*'([^']*)')?$/.exec(expression) ?? [];
  const values = context.valuesOf(key);
  // A multivalued key cannot be a variable ("Single-valued vs. multivalued context keys").
  return values?.length === 1 && !context.isMultivalued(key) ? values[0] : fallback;
}
