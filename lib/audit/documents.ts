/** Whether two policy documents say the same, and what one says that the other does not. By meaning, not by text. Pure. */

import type { ReadDocument, ReadStatement } from './policy-language.ts';

/** Values never shown, with what is shown instead: the grant's own external ids. Any other external id is shown as another one. */
export type Hidden = ReadonlyMap<string, string>;

/** The names of statements and their order carry no meaning. */
export function sameMeaning(a: ReadDocument, b: ReadDocument): boolean {
  return canonical(a) === canonical(b);
}

/**
 * Lines for people: `- ` is missing, `+ ` is too much, under the name of the statement. Empty when both say the same.
 * External ids never appear in them.
 */
export function differences(expected: ReadDocument, found: ReadDocument, hidden: Hidden): string[] {
  if (sameMeaning(expected, found)) return [];
  const lines =
    expected.version === found.version ? [] : [`- Version ${expected.version}`, `+ Version ${found.version}`];
  const left = [...found.statements];
  for (const statement of expected.statements) {
    const match = closest(statement, left);
    if (match) left.splice(left.indexOf(match), 1);
    lines.push(...statementLines(statement, match, hidden));
  }
  for (const statement of left) lines.push(...statementLines(undefined, statement, hidden));
  return lines.length > 0 ? lines : ['They differ in external ids, which are not shown.'];
}

/** What a statement says, one fact a line. */
export function factsOf(statement: ReadStatement, hidden: Hidden): string[] {
  const { effect, conditions } = statement;
  return [
    `Effect ${effect}`,
    ...elements.flatMap(([name, element]) => (statement[element] ?? []).map((value) => `${name} ${value}`)),
    ...conditions.flatMap(({ operator, key, values }) =>
      values.length === 0
        ? [`Condition ${operator} ${key}, no value`]
        : values.map((value) => `Condition ${operator} ${key} ${shown(key, value, hidden)}`),
    ),
  ];
}

const elements = [
  ['Principal', 'principals'],
  ['NotPrincipal', 'notPrincipals'],
  ['Action', 'actions'],
  ['NotAction', 'notActions'],
  ['Resource', 'resources'],
  ['NotResource', 'notResources'],
] as const;

const nothingHidden: Hidden = new Map();

function canonical({ version, statements }: ReadDocument): string {
  const said = statements.map(({ sid: _name, ...statement }) => JSON.stringify(statement));
  return JSON.stringify([version, [...new Set(said)].sort()]);
}

/** The statement of the same name, else the one that shares the most with it. */
function closest(wanted: ReadStatement, others: readonly ReadStatement[]): ReadStatement | undefined {
  const namesake = wanted.sid && others.find(({ sid }) => sid === wanted.sid);
  if (namesake) return namesake;
  const facts = new Set(factsOf(wanted, nothingHidden));
  const shared = others
    .filter(({ effect }) => effect === wanted.effect)
    .map((other) => ({
      other,
      count: factsOf(other, nothingHidden).filter((fact) => facts.has(fact)).length,
    }))
    .sort((a, b) => b.count - a.count);
  return shared[0]?.other;
}

function statementLines(
  expected: ReadStatement | undefined,
  found: ReadStatement | undefined,
  hidden: Hidden,
): string[] {
  const wanted = expected ? factsOf(expected, hidden) : [];
  const there = found ? factsOf(found, hidden) : [];
  const lines = [
    ...wanted.filter((fact) => !there.includes(fact)).map((fact) => `- ${fact}`),
    ...there.filter((fact) => !wanted.includes(fact)).map((fact) => `+ ${fact}`),
  ];
  if (lines.length === 0) return [];
  const name = expected?.sid ?? found?.sid ?? 'without a name';
  const remark = !found ? ' is gone' : !expected ? ' was added' : '';
  return [`Statement ${name}${remark}:`, ...lines.map((line) => `  ${line}`)];
}

function shown(key: string, value: string, hidden: Hidden): string {
  if (key === 'sts:externalid') return hidden.get(value) ?? '(another external id)';
  return value;
}
