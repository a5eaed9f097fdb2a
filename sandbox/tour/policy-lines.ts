/** A policy document as people read it: one line for each thing it says. */

type Statement = Readonly<Record<string, unknown>>;

export function policyLines(document: { readonly Statement: readonly Statement[] }): string {
  return document.Statement.flatMap(statementLines).join('\n');
}

function statementLines(statement: Statement): string[] {
  const { Sid, Effect, Principal, Action, Resource, Condition } = statement;
  const rows: [string, string][] = [
    ['who', list((Principal as { AWS?: unknown } | undefined)?.AWS)],
    ['may', list(Action)],
    ['on', list(Resource)],
    ...Object.entries((Condition ?? {}) as Record<string, Record<string, unknown>>).flatMap(
      ([operator, keys]) =>
        Object.entries(keys).map(([key, value]): [string, string] => [
          'when',
          `${key} ${operator} ${list(value)}`,
        ]),
    ),
  ];
  return [
    `${Effect} "${Sid}"`,
    ...rows.filter(([, text]) => text !== '').map(([label, text]) => `  ${label.padEnd(4)}  ${text}`),
  ];
}

function list(value: unknown): string {
  return value === undefined ? '' : [value].flat().join(', ');
}
