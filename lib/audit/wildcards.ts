/** IAM's wildcards: `*` stands for any run of characters, `?` for one. Pure, and never slower than one length times the other. */

/** Whether the pattern takes in the text. */
export function matches(pattern: string, text: string): boolean {
  return takesIn(pattern, text, () => true);
}

/** What a variable will stand for is not known: it may be anything. */
export function withoutVariables(pattern: string): string {
  return pattern.replace(/\$\{[^}]*\}/g, '*');
}

/** Whether everything that `narrow` takes in, `wide` takes in too. Never says so wrongly; may miss it for unusual patterns. */
export function covers(wide: string, narrow: string): boolean {
  // One character of `wide` may not stand for a `*` of `narrow`, which may be many.
  return takesIn(wide, narrow, (char) => char !== '*');
}

/** A text that both patterns take in, with as little as possible for their wildcards; undefined when there is none. */
export function commonText(a: string, b: string): string | undefined {
  // best[j]: what the characters of `a` read so far and the first j characters of `b` have in common.
  let best: (string | undefined)[] = [''];
  for (let j = 1; j <= b.length; j++) best[j] = b[j - 1] === '*' ? best[j - 1] : undefined;
  for (const char of a) {
    const next: (string | undefined)[] = [char === '*' ? best[0] : undefined];
    for (let j = 1; j <= b.length; j++)
      next[j] = meet(char, b[j - 1] ?? '', { both: best[j - 1], ofA: best[j], ofB: next[j - 1] });
    best = next;
  }
  return best[b.length];
}

interface Before {
  /** In common before either character. */
  readonly both: string | undefined;
  /** Before the character of `a`, and before that of `b`. */
  readonly ofA: string | undefined;
  readonly ofB: string | undefined;
}

function meet(a: string, b: string, { both, ofA, ofB }: Before): string | undefined {
  const add = (text: string | undefined, char: string) => (text === undefined ? undefined : text + any(char));
  if (a === '*' && b === '*') return ofA ?? ofB;
  // The `*` ends here, or takes the other's character and goes on.
  if (a === '*') return ofA ?? add(ofB, b);
  if (b === '*') return ofB ?? add(ofA, a);
  if (a === b || b === '?') return add(both, a);
  return a === '?' ? add(both, b) : undefined;
}

function any(char: string): string {
  return char === '?' ? 'z' : char;
}

/** After a mismatch only the last `*` need take one character more: earlier ones could gain nothing. */
function takesIn(pattern: string, text: string, oneMayBe: (char: string | undefined) => boolean): boolean {
  let at = 0;
  let read = 0;
  let star = -1;
  let resumeAt = 0;
  while (read < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at++;
      resumeAt = read;
    } else if (wanted !== undefined && (wanted === text[read] || (wanted === '?' && oneMayBe(text[read])))) {
      at++;
      read++;
    } else if (star >= 0) {
      at = star + 1;
      read = ++resumeAt;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
