/** A JSON Schema as the rows of a table: one line per field, dotted paths, rules in words. */

import type { JsonSchema } from './schemas.ts';

export interface FieldRow {
  /** `child.accountId`; `[]` stands for each entry of a list. */
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly text: string;
}

/** @param saying for what callers read, the bounds of what they may send are noise */
export function fieldRows(schema: JsonSchema, saying: 'all' | 'notes' = 'all', prefix = ''): FieldRow[] {
  const rows: FieldRow[] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const field = property as JsonSchema;
    const path = prefix + name;
    const isRequired = schema.required?.includes(name) ?? false;
    rows.push({
      path,
      type: typeOf(field),
      isRequired,
      text: saying === 'all' ? textOf(field) : (field.description ?? ''),
    });
    const { inner, mark } = innerObject(field);
    if (inner) rows.push(...fieldRows(inner, saying, `${path}${mark}.`));
  }
  return rows;
}

/** A union of objects, one after the other. */
export function alternatives(schema: JsonSchema): JsonSchema[] {
  return schema.anyOf && !schema.properties ? (schema.anyOf as JsonSchema[]) : [schema];
}

export function table(rows: readonly FieldRow[], has: 'optional' | 'required' = 'required'): string {
  const marked = (row: FieldRow) =>
    `\`${row.path}\`${has === 'required' ? (row.isRequired ? ' *' : '') : row.isRequired ? '' : ' ?'}`;
  const lines = rows.map((row) => `| ${marked(row)} | ${row.type} | ${row.text} |`);
  return ['| field | type | |', '|---|---|---|', ...lines].join('\n');
}

// --- internal ---

function innerObject(field: JsonSchema): { inner?: JsonSchema; mark: string } {
  const candidates: { inner: JsonSchema; mark: string }[] = [
    { inner: field, mark: '' },
    { inner: (field.items ?? {}) as JsonSchema, mark: '[]' },
    ...(field.anyOf ?? []).map((choice) => ({ inner: choice as JsonSchema, mark: '' })),
  ];
  return candidates.find(({ inner }) => inner.properties !== undefined) ?? { mark: '' };
}

function typeOf(schema: JsonSchema): string {
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop() ?? '';
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.anyOf) {
    const types = new Set(schema.anyOf.map((choice) => typeOf(choice as JsonSchema)));
    return [...types].join(' or ');
  }
  if (schema.type === 'array') return `list of ${typeOf((schema.items ?? {}) as JsonSchema)}`;
  if (schema.format === 'date-time') return 'time';
  return typeof schema.type === 'string' ? schema.type : 'any';
}

function textOf(schema: JsonSchema): string {
  const items = schema.items as JsonSchema | undefined;
  const each = items?.description && !items.enum ? `Each ${lowerFirst(items.description)}` : undefined;
  const isSaid = /must be/i.test(schema.description ?? '');
  const bounds = [
    countOf(schema),
    rangeOf(schema),
    isSaid ? undefined : lengthOf(schema),
    schema.default === undefined ? undefined : `Unless said: \`${JSON.stringify(schema.default)}\`.`,
  ];
  return [schema.description, each, ...bounds].filter(Boolean).join(' ').replace(/\|/g, '\\|');
}

function countOf({ minItems, maxItems }: JsonSchema): string | undefined {
  return maxItems === undefined ? undefined : `${minItems ?? 0} to ${maxItems} entries.`;
}

function rangeOf({ type, minimum, maximum }: JsonSchema): string | undefined {
  const isBounded = type === 'integer' && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return isBounded ? `${minimum ?? 0} to ${maximum}.` : undefined;
}

function lengthOf({ type, maxLength }: JsonSchema): string | undefined {
  return type === 'string' && maxLength !== undefined ? `At most ${maxLength} characters.` : undefined;
}

function lowerFirst(text: string): string {
  return `${text[0]?.toLowerCase()}${text.slice(1)}`;
}
