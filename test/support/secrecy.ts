/**
 * What must not be written anywhere, and whether it was: in clear, percent-encoded or in base64. Every sandbox and every
 * relay that a test starts is searched when the test closes it, so that the whole run is.
 */

export interface Secrecy {
  /** From now on `secret` must not be found. @param kind may be shown by a failed test */
  keep(kind: string, secret: string): void;
  /** Remembers a text until the search. @param origin whose it is, such as `invoke` */
  hear(origin: string, text: string): void;
  /** Which secrets stand in these texts, by kind; the secrets themselves are masked. @param only a kind's beginning */
  leaksIn(texts: readonly string[], only?: string): string[];
  /** @throws Error when a secret stands in what was heard. */
  search(): void;
}

/** Shorter or plainer texts stand everywhere by chance. */
const charactersMin = 8;
const differentMin = 5;
/** A leak of a long payload shows its beginning. */
const charactersMax = 200;

export function createSecrecy(): Secrecy {
  // Of any session, of any signature.
  const secrets = new Map<string, string>([
    ['IQoJb3JpZ2luX2Vj', 'session token'],
    ['Signature=', 'signature'],
  ]);
  const heard = new Set<string>();
  const leaksIn: Secrecy['leaksIn'] = (texts, only = '') => {
    const all = texts.join('\n');
    const found = [...secrets].filter(
      ([secret, kind]) =>
        kind.startsWith(only) && spellings(secret).some((spelling) => all.includes(spelling)),
    );
    return texts.flatMap((text) =>
      found
        .filter(([secret]) => spellings(secret).some((spelling) => text.includes(spelling)))
        .map(([secret, kind]) => `${kind} in: ${masked(text, secret)}`),
    );
  };
  return {
    keep(kind, secret) {
      const known = secret.slice(0, charactersMax);
      if (known.length >= charactersMin && new Set(known).size >= differentMin) secrets.set(known, kind);
    },
    hear: (origin, text) => void heard.add(`${origin}: ${text}`),
    leaksIn,
    search() {
      const leaks = leaksIn([...heard]);
      if (leaks.length > 0)
        throw new Error(`${leaks.length} secrets were written:\n${leaks.slice(0, 20).join('\n')}`);
    },
  };
}

function masked(text: string, secret: string): string {
  return spellings(secret)
    .reduce((shown, spelling) => shown.replaceAll(spelling, '***'), text)
    .slice(0, 300);
}

/** Whole groups of three bytes only, so that what follows does not change the letters of base64. */
function spellings(secret: string): string[] {
  const base64 = [0, 1, 2].map((skipped) => {
    const bytes = Buffer.from(secret).subarray(skipped);
    return bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64');
  });
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [...new Set([secret, escaped, encodeURIComponent(secret), ...base64])];
}
