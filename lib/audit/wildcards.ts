/** IAM's wildcards: `*` stands for any run of characters, `?` for one. Pure, and never slower than one length times the other. */

/** Whether the pattern takes in the text. */
export function matches(pattern: string, text: string): boolean {
  return takesIn(pattern, text, () => true);
}

/** Whether everything that `narrow` takes in, `wide` takes in too. Never says so wrongly; may miss it for unusual patterns. */
export function covers(wide: string, narrow: string): boolean {
  // One character of `wide` may not stand for a `*` of `narrow`, which may be many.
  return takesIn(wide, narrow, (char) => char !== '*');
}

/** Whether some text is taken in by both patterns. */
export function overlap(a: string, b: string): boolean {
  // reachable[j]: what was read of `a` so far can be made to agree with the first j characters of `b`.
  let reachable = startOf(b);
  for (const char of a) {
    const next = new Array<boolean>(b.length + 1).fill(false);
    for (let j = 0; j <= b.length; j++) {
      const agrees = j > 0 && (char === b[j - 1] || char === '?' || b[j - 1] === '?');
      const hasStar = char === '*' || (j > 0 && b[j - 1] === '*');
      next[j] =
        (agrees && Boolean(reachable[j - 1])) ||
        // A `*` takes one more character, or has taken enough.
        (hasStar && (Boolean(reachable[j]) || (j > 0 && Boolean(next[j - 1]))));
    }
    reachable = next;
  }
  return Boolean(reachable[b.length]);
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

function startOf(b: string): boolean[] {
  const stars = /^\**/.exec(b)?.[0].length ?? 0;
  return Array.from({ length: b.length + 1 }, (_, j) => j <= stars);
}
