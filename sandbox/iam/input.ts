import { AwsFault } from '../aws-fault.ts';
import {
  type Constraint,
  constraints,
  type Field,
  missing,
  sayViolations,
  type Violation,
  violation,
} from './constraints.ts';

/** The checked parameters of one call. */
export interface Input {
  /** A parameter that the operation requires. */
  need(field: Field): string;
  text(field: Field): string | undefined;
  number(field: Field): number | undefined;
  flag(field: Field): boolean;
  /** `Tags.member.N.Key`, `….Value`; keys are unique without regard to case. */
  readonly tags: ReadonlyMap<string, string>;
  /** `TagKeys.member.N` and the like. */
  list(name: ListName): readonly string[];
}

export type ListName = 'TagKeys' | 'TransitiveTagKeys' | 'Filter' | 'PolicyArns';

/**
 * Reads the parameters that an operation has and ignores others, as AWS does.
 * @throws AwsFault ValidationError 400 with all that is wrong, InvalidInput 400 for tags that contradict.
 */
export function readInput(
  form: URLSearchParams,
  fields: {
    readonly required?: readonly Field[] | undefined;
    readonly optional?: readonly Field[] | undefined;
  },
): Input {
  const { required = [], optional = [] } = fields;
  const values = new Map<Field, string>();
  const violations: Violation[] = [];
  for (const field of [...required, ...optional]) {
    const value = form.get(parameterOf(field));
    // An optional parameter that is empty is a parameter that is not there, except where text may be empty.
    const isGiven = value !== null && (value !== '' || mayBeEmpty(field) || required.includes(field));
    if (isGiven) {
      values.set(field, value);
      violations.push(...[violation(parameterOf(field), constraints[field], value) ?? []].flat());
    } else if (required.includes(field)) violations.push(missing(parameterOf(field)));
  }
  const lists = new Map(
    Object.entries(listShapes).map(([name, shape]) => [name, readList(form, name, shape, violations)]),
  );
  const tags = readTags(form, violations);
  if (violations.length > 0) throw new AwsFault('ValidationError', 400, sayViolations(violations));
  refuseContradictions(tags.map(([key]) => key));
  return {
    need: (field) => {
      const value = values.get(field);
      if (value === undefined) throw new Error(`${field} is not a required parameter of this operation.`);
      return value;
    },
    text: (field) => values.get(field),
    number: (field) => {
      const value = values.get(field);
      return value === undefined ? undefined : Number(value);
    },
    flag: (field) => values.get(field) === 'true',
    tags: new Map(tags),
    list: (name) => lists.get(name) ?? [],
  };
}

/** GetSessionToken's DurationSeconds has bounds of its own. */
function parameterOf(field: Field): string {
  return field === 'SessionDurationSeconds' ? 'DurationSeconds' : field;
}

function mayBeEmpty(field: Field): boolean {
  const constraint: Constraint = constraints[field];
  return constraint.type === 'text' && constraint.min === 0;
}

interface ListShape {
  readonly max: number;
  readonly member: Constraint;
  /** `.arn` of `PolicyArns.member.1.arn` */
  readonly suffix?: string;
}

const tagPattern = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tagKey: Constraint = { type: 'text', min: 1, max: 128, pattern: tagPattern };
const tagValue: Constraint = { type: 'text', min: 0, max: 256, pattern: tagPattern };

const listShapes: Readonly<Record<ListName, ListShape>> = {
  TagKeys: { max: 50, member: tagKey },
  TransitiveTagKeys: { max: 50, member: tagKey },
  Filter: {
    max: 5,
    member: {
      type: 'choice',
      values: ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'],
    },
  },
  PolicyArns: { max: 10, member: { type: 'text', min: 20, max: 2048 }, suffix: '.arn' },
};

function readList(
  form: URLSearchParams,
  name: string,
  { max, member, suffix = '' }: ListShape,
  violations: Violation[],
): readonly string[] {
  const values: string[] = [];
  for (let n = 1; n <= max + 1; n++) {
    const value = form.get(`${name}.member.${n}${suffix}`);
    if (value === null) return values;
    const parameter = `${name}.${n}.member`;
    violations.push(...[violation(parameter, member, value) ?? []].flat());
    values.push(value);
  }
  violations.push(tooMany(name, max));
  return [];
}

function readTags(form: URLSearchParams, violations: Violation[]): readonly (readonly [string, string])[] {
  const tags: [string, string][] = [];
  for (let n = 1; n <= tagsMax + 1; n++) {
    const key = form.get(`Tags.member.${n}.Key`);
    if (key === null) return tags;
    const value = form.get(`Tags.member.${n}.Value`) ?? '';
    const found = [
      violation(`tags.${n}.member.key`, tagKey, key),
      violation(`tags.${n}.member.value`, tagValue, value),
    ];
    violations.push(...found.filter((each) => each !== undefined));
    tags.push([key, value]);
  }
  violations.push(tooMany('Tags', tagsMax));
  return [];
}

function tooMany(name: string, max: number): Violation {
  return {
    kind: 'clause',
    text: `Value at '${name.charAt(0).toLowerCase()}${name.slice(1)}' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
  };
}

function refuseContradictions(keys: readonly string[]): void {
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length)
    throw new AwsFault(
      'InvalidInput',
      400,
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    );
  if (keys.some((key) => key.toLowerCase().startsWith('aws:')))
    throw new AwsFault(
      'InvalidInput',
      400,
      'One or more tags provided are using the reserved namespace "aws:".',
    );
}

export const tagsMax = 50;
