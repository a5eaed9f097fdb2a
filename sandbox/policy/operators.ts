import { arnMatcher } from './arn-pattern.ts';
import type { ConditionKey, KeyType } from './condition-keys.ts';
import { parseDate } from './date-value.ts';
import { parseIpRange } from './ip-range.ts';
import { matches } from './pattern.ts';
import type { Truth } from './truth.ts';
import { type Piece, patternOf, plainText } from './variables.ts';

/** A comparison of "IAM JSON policy elements: Condition operators", without its set prefix and `IfExists`. */
export interface Operator {
  /** Negated: none of the policy's values may match, and a missing key matches. */
  readonly isNegated: boolean;
  /** Whether the page of the operator lets its values hold `${…}`. */
  readonly mayUseVariables: boolean;
  /** The types of key it can compare; any string may turn out to hold such a value. */
  readonly keyTypes: readonly KeyType[];
  /** One value of the policy, read once; undefined when it is malformed for this operator. */
  readonly prepare: (expected: readonly Piece[]) => Comparison | undefined;
}

/** One value of the request against it; 'unclear' when that value is malformed. */
export type Comparison = (actual: string) => Truth;

/** @returns undefined for an operator AWS does not have. Case matters. */
export function findOperator(name: string): Operator | undefined {
  return operators.get(name);
}

export function canCompare(operator: Operator, key: ConditionKey): boolean {
  return operator.keyTypes.includes(key.type);
}

type Prepare = Operator['prepare'];

const equals: Prepare = (expected) => {
  const text = plainText(expected);
  return (actual) => actual === text;
};

const equalsIgnoringCase: Prepare = (expected) => {
  const text = plainText(expected).toLowerCase();
  return (actual) => actual.toLowerCase() === text;
};

const like: Prepare = (expected) => {
  const pattern = patternOf(expected);
  return (actual) => matches(pattern, actual);
};

const inRange: Prepare = (expected) => parseIpRange(plainText(expected));

/** Reads both sides the same way, then compares; what cannot be read compares with nothing. */
function compare<T>(
  parse: (text: string) => T | undefined,
  holds: (actual: T, expected: T) => boolean,
): Prepare {
  return (expected) => {
    const right = parse(plainText(expected));
    if (right === undefined) return undefined;
    return (actual) => {
      const left = parse(actual);
      return left === undefined ? 'unclear' : holds(left, right);
    };
  };
}

const numeric = (holds: (actual: number, expected: number) => boolean) => compare(parseNumber, holds);
const date = (holds: (actual: number, expected: number) => boolean) => compare(parseDate, holds);

const anyType: readonly KeyType[] = ['string', 'arn', 'date', 'number', 'boolean', 'ip'];
const families = {
  string: { keyTypes: anyType, mayUseVariables: true },
  numeric: { keyTypes: ['number', 'string'], mayUseVariables: false },
  date: { keyTypes: ['date', 'number', 'string'], mayUseVariables: false },
  boolean: { keyTypes: ['boolean', 'string'], mayUseVariables: true },
  binary: { keyTypes: ['string'], mayUseVariables: false },
  ip: { keyTypes: ['ip', 'string'], mayUseVariables: false },
  arn: { keyTypes: ['arn', 'string'], mayUseVariables: true },
} as const satisfies Record<string, Pick<Operator, 'keyTypes' | 'mayUseVariables'>>;

const is = (family: keyof typeof families, prepare: Prepare): Operator => ({
  ...families[family],
  prepare,
  isNegated: false,
});
const isNot = (family: keyof typeof families, prepare: Prepare): Operator => ({
  ...families[family],
  prepare,
  isNegated: true,
});

const operators: ReadonlyMap<string, Operator> = new Map(
  Object.entries({
    StringEquals: is('string', equals),
    StringNotEquals: isNot('string', equals),
    StringEqualsIgnoreCase: is('string', equalsIgnoringCase),
    StringNotEqualsIgnoreCase: isNot('string', equalsIgnoringCase),
    StringLike: is('string', like),
    StringNotLike: isNot('string', like),
    NumericEquals: is(
      'numeric',
      numeric((actual, expected) => actual === expected),
    ),
    NumericNotEquals: isNot(
      'numeric',
      numeric((actual, expected) => actual === expected),
    ),
    NumericLessThan: is(
      'numeric',
      numeric((actual, expected) => actual < expected),
    ),
    NumericLessThanEquals: is(
      'numeric',
      numeric((actual, expected) => actual <= expected),
    ),
    NumericGreaterThan: is(
      'numeric',
      numeric((actual, expected) => actual > expected),
    ),
    NumericGreaterThanEquals: is(
      'numeric',
      numeric((actual, expected) => actual >= expected),
    ),
    DateEquals: is(
      'date',
      date((actual, expected) => actual === expected),
    ),
    DateNotEquals: isNot(
      'date',
      date((actual, expected) => actual === expected),
    ),
    DateLessThan: is(
      'date',
      date((actual, expected) => actual < expected),
    ),
    DateLessThanEquals: is(
      'date',
      date((actual, expected) => actual <= expected),
    ),
    DateGreaterThan: is(
      'date',
      date((actual, expected) => actual > expected),
    ),
    DateGreaterThanEquals: is(
      'date',
      date((actual, expected) => actual >= expected),
    ),
    Bool: is(
      'boolean',
      compare(parseBoolean, (actual, expected) => actual === expected),
    ),
    BinaryEquals: is(
      'binary',
      compare(parseBase64, (actual, expected) => actual.equals(expected)),
    ),
    IpAddress: is('ip', inRange),
    NotIpAddress: isNot('ip', inRange),
    ArnEquals: is('arn', arnMatcher),
    ArnLike: is('arn', arnMatcher),
    ArnNotEquals: isNot('arn', arnMatcher),
    ArnNotLike: isNot('arn', arnMatcher),
  }),
);

function parseNumber(text: string): number | undefined {
  return /^[+-]?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}

function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === 'true' || lower === 'false' ? lower === 'true' : undefined;
}

/** The policy and the request both spell binary values in base64. */
function parseBase64(text: string): Buffer | undefined {
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  return isBase64 ? Buffer.from(text, 'base64') : undefined;
}
