/**
 * What parameters of IAM and STS may be, from the services' API references, in a table; and what AWS answers to
 * one that is not so. Values that may be secret, or long, are never repeated in the answer.
 */

export type Constraint =
  | {
      readonly type: 'text';
      readonly min?: number;
      readonly max: number;
      readonly pattern?: RegExp;
      /** IAM's own sentence in place of the pattern; then the value is not repeated either. */
      readonly sentence?: string;
      readonly isSensitive?: true;
    }
  | { readonly type: 'number'; readonly min: number; readonly max: number }
  | { readonly type: 'choice'; readonly values: readonly string[] };

const nameSentence = 'It must contain only alphanumeric characters and/or the following: +=,.@_-';

function name(max: number, min = 1): Constraint {
  return { type: 'text', min, max, pattern: /^[\w+=,.@-]+$/, sentence: nameSentence };
}

const arn: Constraint = { type: 'text', min: 20, max: 2048 };
const path: Constraint = {
  type: 'text',
  min: 1,
  max: 512,
  pattern: /^(\/|\/[!-~]+\/)$/,
  sentence: 'It must begin and end with / and contain only alphanumeric characters and/or / characters.',
};
/** Tab, line ends, and U+0020 to U+00FF, as the API references give it. */
const documentPattern = /^[\t\n\r\u0020-\u00FF]+$/;
const document: Constraint = {
  type: 'text',
  min: 1,
  max: 131_072,
  pattern: documentPattern,
  isSensitive: true,
};
const flag: Constraint = { type: 'choice', values: ['true', 'false'] };

export const constraints = {
  RoleName: name(64),
  UserName: name(64),
  NewUserName: name(64),
  GroupName: name(128),
  PolicyName: name(128),
  Path: path,
  PathPrefix: { type: 'text', min: 1, max: 512, pattern: /^\/[!-~]*$/, sentence: 'It must begin with /.' },
  NewPath: path,
  Description: { type: 'text', min: 0, max: 1000, pattern: /^[\t\n\r\u0020-\u007E\u00A1-\u00FF]*$/ },
  AssumeRolePolicyDocument: document,
  PolicyDocument: document,
  PermissionsBoundary: arn,
  PolicyArn: arn,
  VersionId: { type: 'text', max: 32, pattern: /^v[1-9]\d*(\.[A-Za-z0-9-]*)?$/ },
  MaxSessionDuration: { type: 'number', min: 3600, max: 43_200 },
  MaxItems: { type: 'number', min: 1, max: 1000 },
  Marker: { type: 'text', min: 1, max: 2048, isSensitive: true },
  AccessKeyId: { type: 'text', min: 16, max: 128, pattern: /^\w+$/ },
  Status: { type: 'choice', values: ['Active', 'Inactive'] },
  SetAsDefault: flag,
  OnlyAttached: flag,
  Scope: { type: 'choice', values: ['All', 'AWS', 'Local'] },
  PolicyUsageFilter: { type: 'choice', values: ['PermissionsPolicy', 'PermissionsBoundary'] },
  // STS
  RoleArn: arn,
  RoleSessionName: { type: 'text', min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ },
  ExternalId: { type: 'text', min: 2, max: 1224, pattern: /^[\w+=,.@:/-]*$/, isSensitive: true },
  SourceIdentity: { type: 'text', min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ },
  DurationSeconds: { type: 'number', min: 900, max: 43_200 },
  SessionDurationSeconds: { type: 'number', min: 900, max: 129_600 },
  Policy: { type: 'text', min: 1, max: 2048, pattern: documentPattern, isSensitive: true },
} as const satisfies Readonly<Record<string, Constraint>>;

export type Field = keyof typeof constraints;

/** What is wrong with a value: a clause for the list of violations, or a sentence that stands alone. */
export type Violation =
  | { readonly kind: 'clause'; readonly text: string }
  | { readonly kind: 'sentence'; readonly text: string };

export function violation(parameter: string, constraint: Constraint, value: string): Violation | undefined {
  const member = memberName(parameter);
  if (constraint.type === 'text' && constraint.sentence && isInRange(constraint, value)) {
    if (constraint.pattern?.test(value) !== false) return undefined;
    return { kind: 'sentence', text: `The specified value for ${member} is invalid. ${constraint.sentence}` };
  }
  const failure = failureOf(constraint, value);
  if (failure === undefined) return undefined;
  const isShown = value.length <= 128 && !(constraint.type === 'text' && constraint.isSensitive);
  const shown = isShown ? `Value '${value}'` : 'Value';
  return { kind: 'clause', text: `${shown} at '${member}' failed to satisfy constraint: ${failure}` };
}

export function missing(parameter: string): Violation {
  return {
    kind: 'clause',
    text: `Value null at '${memberName(parameter)}' failed to satisfy constraint: Member must not be null`,
  };
}

/** "2 validation errors detected: …; …" */
export function sayViolations(violations: readonly Violation[]): string {
  const clauses = violations.filter(({ kind }) => kind === 'clause').map(({ text }) => text);
  if (clauses.length === 0) return violations[0]?.text ?? '';
  const errors = clauses.length === 1 ? 'error' : 'errors';
  return `${clauses.length} validation ${errors} detected: ${clauses.join('; ')}`;
}

function failureOf(constraint: Constraint, value: string): string | undefined {
  switch (constraint.type) {
    case 'text': {
      const { min = 0, max, pattern } = constraint;
      if (value.length > max) return `Member must have length less than or equal to ${max}`;
      if (value.length < min) return `Member must have length greater than or equal to ${min}`;
      if (pattern?.test(value) === false)
        return `Member must satisfy regular expression pattern: ${pattern.source.replace(/^\^|\$$/g, '')}`;
      return undefined;
    }
    case 'number': {
      if (!/^-?\d{1,12}$/.test(value)) return 'Member must be an integer';
      if (Number(value) > constraint.max)
        return `Member must have value less than or equal to ${constraint.max}`;
      if (Number(value) < constraint.min)
        return `Member must have value greater than or equal to ${constraint.min}`;
      return undefined;
    }
    case 'choice':
      if (constraint.values.includes(value)) return undefined;
      return `Member must satisfy enum value set: [${constraint.values.join(', ')}]`;
  }
}

function isInRange(
  { min = 0, max }: { readonly min?: number; readonly max: number },
  value: string,
): boolean {
  return value.length >= min && value.length <= max;
}

/** `RoleName` → `roleName`, as AWS's answers name members. */
function memberName(parameter: string): string {
  return parameter.charAt(0).toLowerCase() + parameter.slice(1);
}
