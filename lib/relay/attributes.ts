/** DynamoDB's attribute values to plain ones and back: strings, numbers, booleans, lists and maps. Pure. */

export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: AttributeMap };
export type AttributeMap = Readonly<Record<string, AttributeValue>>;

/** `undefined` members are left out. */
export function toAttributes(record: object): AttributeMap {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(record))
    if (value !== undefined) attributes[name] = toAttribute(value);
  return attributes;
}

export function toAttribute(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  return { M: toAttributes(value as object) };
}

export function fromAttributes(attributes: AttributeMap): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const name in attributes) record[name] = fromAttribute(attributes[name] as AttributeValue);
  return record;
}

function fromAttribute(value: AttributeValue): unknown {
  if ('S' in value) return value.S;
  if ('N' in value) return Number(value.N);
  if ('BOOL' in value) return value.BOOL;
  if ('L' in value) return value.L.map(fromAttribute);
  return fromAttributes(value.M);
}

/** Of parsed JSON that may be anything; empty where it is no object. */
export function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
