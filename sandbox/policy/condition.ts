import { findConditionKey } from './condition-keys.ts';
import type { Statement } from './document.ts';
import { type Comparison, canCompare, findOperator, type Operator } from './operators.ts';
import type { RequestContext } from './request-context.ts';
import { every, not, some, type Truth } from './truth.ts';
import { expand } from './variables.ts';

/**
 * Whether a statement's conditions hold ("Conditions with multiple context keys or values"): every operator and
 * every key must, and of several values one is enough (for a negated operator: none may match).
 *
 * 'unclear' is the answer for what AWS would have understood and the sandbox cannot: an unknown operator or key,
 * a value that is no date, number, range or ARN, a multivalued key without a set operator. An Allow does not
 * rest on it; a Deny applies.
 */
export function conditionHolds(
  condition: Statement['Condition'],
  context: RequestContext,
  hasVariables: boolean,
): Truth {
  const tests = Object.entries(condition ?? {}).flatMap(([name, keys]) =>
    Object.entries(keys).map(([key, values]) =>
      testKey(name, { key, expected: [values].flat().map(String) }, context, hasVariables),
    ),
  );
  return every(tests);
}

/** Whether AWS has a condition operator of this name, set prefix and `IfExists` included. */
export function isOperatorName(name: string): boolean {
  return name === 'Null' || findOperator(parseName(name).base) !== undefined;
}

interface KeyTest {
  readonly key: string;
  readonly expected: readonly string[];
}

function testKey(name: string, test: KeyTest, context: RequestContext, hasVariables: boolean): Truth {
  if (!context.isKnown(test.key) || test.expected.length === 0) return 'unclear';
  const actual = context.valuesOf(test.key);
  if (name === 'Null') return isNull(actual, test.expected);

  const { set, base, hasIfExists } = parseName(name);
  const operator = findOperator(base);
  const knownKey = findConditionKey(test.key);
  if (operator === undefined || (knownKey && !canCompare(operator, knownKey))) return 'unclear';
  const comparisons = test.expected.map((text) => prepare(operator, text, context, hasVariables));

  if (actual === undefined) {
    const holds = hasIfExists || set === 'ForAllValues' || (operator.isNegated && set === undefined);
    const isReadable = comparisons.every((comparison) => typeof comparison === 'function');
    return holds && !isReadable ? 'unclear' : holds;
  }
  if (set === undefined && context.isMultivalued(test.key)) return 'unclear';

  const holdsFor = (value: string) => compareAll(operator, comparisons, value);
  if (set === undefined) return every(actual.map(holdsFor));
  // "Set operators for multivalued context keys": an empty string is no value.
  const answers = actual.filter((value) => value !== '').map(holdsFor);
  return set === 'ForAllValues' ? every(answers) : some(answers);
}

/** `ForAnyValue:StringLikeIfExists` → its three parts. */
function parseName(name: string) {
  const [, set, base = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/.exec(name) ?? [];
  return { set, base, hasIfExists: ifExists !== undefined };
}

/** "Condition operator to check existence of condition keys": true asks for the key to be missing. */
function isNull(actual: readonly string[] | undefined, expected: readonly string[]): Truth {
  const isMissing = actual === undefined;
  return some(
    expected.map((text) => {
      const lower = text.toLowerCase();
      return lower === 'true' || lower === 'false' ? isMissing === (lower === 'true') : 'unclear';
    }),
  );
}

type Prepared = Comparison | 'malformed' | 'unresolved';

function prepare(operator: Operator, text: string, context: RequestContext, hasVariables: boolean): Prepared {
  const pieces = expand(text, context, hasVariables && operator.mayUseVariables);
  if (pieces === undefined) return 'unresolved';
  return operator.prepare(pieces) ?? 'malformed';
}

function compareAll(operator: Operator, comparisons: readonly Prepared[], value: string): Truth {
  const matchesOne = some(
    comparisons.map((comparison) => {
      if (comparison === 'malformed') return 'unclear';
      // A variable without a value matches nothing, but that nothing matched must not be what allows.
      if (comparison === 'unresolved') return operator.isNegated ? 'unclear' : false;
      return comparison(value);
    }),
  );
  return operator.isNegated ? not(matchesOne) : matchesOne;
}
