import { findConditionKey } from './condition-keys.ts';

/** The condition keys of one request, by name in any case. */
export interface RequestContext {
  /** Undefined when the request does not carry the key; never empty. */
  valuesOf(key: string): readonly string[] | undefined;
  isMultivalued(key: string): boolean;
  /** Known to the sandbox, or named by the service that asks: then an absent key is truly absent. */
  isKnown(key: string): boolean;
}

export type ContextValues = Readonly<Record<string, string | readonly string[]>>;

/** A key with an empty list is a key that is not there, as in a request without tags. */
export function requestContext(values: ContextValues): RequestContext {
  const byName = new Map(Object.entries(values).map(([key, value]) => [key.toLowerCase(), value]));
  return {
    valuesOf: (key) => {
      const value = byName.get(key.toLowerCase());
      if (typeof value === 'string') return [value];
      return value !== undefined && value.length > 0 ? value : undefined;
    },
    isMultivalued: (key) =>
      findConditionKey(key)?.isMultivalued === true || Array.isArray(byName.get(key.toLowerCase())),
    isKnown: (key) => findConditionKey(key) !== undefined || byName.has(key.toLowerCase()),
  };
}
