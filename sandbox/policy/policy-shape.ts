import { isOperatorName } from './condition.ts';
import type { PolicyDocument } from './document.ts';

/**
 * Whether the value has the shape of the grammar ("Grammar of the IAM JSON policy language"): only its elements,
 * each of its type, at least one statement. Which elements a kind of policy needs or forbids is not asked here.
 */
export function hasPolicyShape(value: unknown): value is PolicyDocument {
  if (!isRecord(value) || !fits(value, documentElements)) return false;
  const statements = [value['Statement']].flat();
  return statements.length > 0 && statements.every(isStatement);
}

type Test = (value: unknown) => boolean;

const isString: Test = (value) => typeof value === 'string';
const isScalar: Test = (value) => ['string', 'number', 'boolean'].includes(typeof value);
const isOneOrMany =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) ? value.every(test) : test(value);
const isStrings = isOneOrMany(isString);

const isPrincipal: Test = (value) => value === '*' || (isRecord(value) && fits(value, principalTypes));

const isCondition: Test = (value) =>
  isRecord(value) &&
  Object.entries(value).every(
    ([operator, keys]) =>
      isOperatorName(operator) && isRecord(keys) && Object.values(keys).every(isOneOrMany(isScalar)),
  );

const documentElements: Readonly<Record<string, Test>> = {
  Version: (value) => value === '2012-10-17' || value === '2008-10-17',
  Id: isString,
  Statement: () => true,
};

const statementElements: Readonly<Record<string, Test>> = {
  Sid: isString,
  Effect: (value) => value === 'Allow' || value === 'Deny',
  Principal: isPrincipal,
  NotPrincipal: isPrincipal,
  Action: isStrings,
  NotAction: isStrings,
  Resource: isStrings,
  NotResource: isStrings,
  Condition: isCondition,
};

const principalTypes: Readonly<Record<string, Test>> = {
  AWS: isStrings,
  Service: isStrings,
  Federated: isStrings,
  CanonicalUser: isStrings,
};

/** Elements that exclude each other. */
const pairs = [
  ['Principal', 'NotPrincipal'],
  ['Action', 'NotAction'],
  ['Resource', 'NotResource'],
] as const;

function isStatement(value: unknown): boolean {
  if (!isRecord(value) || !fits(value, statementElements) || !('Effect' in value)) return false;
  return pairs.every(([one, other]) => !(one in value && other in value));
}

function fits(value: Readonly<Record<string, unknown>>, elements: Readonly<Record<string, Test>>): boolean {
  return Object.entries(value).every(
    ([name, element]) => Object.hasOwn(elements, name) && elements[name]?.(element) === true,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
