import { parseDate } from './date-value.ts';
import type { OneOrMany, PolicyDocument, Statement } from './document.ts';

/** What IAM says first of a policy for a user, group or role, a boundary or a session; undefined when it is fine. */
export function identityPolicyProblem(document: PolicyDocument): string | undefined {
  const statements = [document.Statement].flat();
  for (const check of checks) {
    const problem = check(statements, document);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

type Check = (statements: readonly Statement[], document: PolicyDocument) => string | undefined;

const legacyParsing = 'The policy failed legacy parsing';

/** In the order in which IAM notices. */
const checks: readonly Check[] = [
  (_, { Version }) =>
    Version === '2012-10-17' ? undefined : 'Policy document must be version 2012-10-17 or greater.',
  (statements) =>
    statements.some(({ Principal, NotPrincipal }) => (Principal ?? NotPrincipal) !== undefined)
      ? 'Policy document should not specify a principal.'
      : undefined,
  (statements) => (statements.some(hasMalformedDate) ? legacyParsing : undefined),
  (statements) => (resourcesOf(statements).some(isCutShort) ? legacyParsing : undefined),
  (statements) =>
    statements.every(({ Sid = '' }) => /^[0-9A-Za-z]*$/.test(Sid))
      ? undefined
      : 'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
  (statements) =>
    areSidsUnique(statements) ? undefined : 'Statement IDs (SID) in a single policy must be unique.',
  (statements) =>
    statements.every(({ Action, NotAction }) => isFilled(Action ?? NotAction))
      ? undefined
      : 'Policy statement must contain actions.',
  (statements) =>
    statements.every(({ Resource, NotResource }) => isFilled(Resource ?? NotResource))
      ? undefined
      : 'Policy statement must contain resources.',
  (statements) => first(resourcesOf(statements).map(resourceProblem)),
  (statements) =>
    first(
      statements.flatMap(({ Action, NotAction }) => [Action ?? NotAction ?? []].flat()).map(actionProblem),
    ),
];

/** Statements without an id do not clash. */
export function areSidsUnique(statements: readonly Statement[]): boolean {
  const sids = statements.flatMap(({ Sid }) => (Sid ? [Sid] : []));
  return new Set(sids).size === sids.length;
}

export function isFilled(element: OneOrMany | undefined): boolean {
  return element !== undefined && [element].flat().length > 0;
}

function hasMalformedDate({ Condition = {} }: Statement): boolean {
  return Object.entries(Condition)
    .filter(([operator]) => /^(?:ForA\w+:)?Date/.test(operator))
    .flatMap(([, keys]) => Object.values(keys).flat())
    .some((value) => parseDate(String(value)) === undefined);
}

function resourcesOf(statements: readonly Statement[]): string[] {
  return statements.flatMap(({ Resource, NotResource }) => [Resource ?? NotResource ?? []].flat());
}

/** A variable's name has a colon of its own. */
function partsOf(resource: string): string[] {
  return resource.replaceAll(/\$\{[^}]*\}/g, '$').split(':');
}

/** Four or five parts of an ARN's six, unless a last `*` stands for the others. */
function isCutShort(resource: string): boolean {
  const parts = partsOf(resource);
  return parts[0] === 'arn' && (parts.length === 4 || parts.length === 5) && !resource.endsWith('*');
}

function resourceProblem(resource: string): string | undefined {
  if (resource === '*') return undefined;
  const [, partition, vendor, region = '', , ...path] = partsOf(resource);
  if (partition === undefined) return `Resource ${resource} must be in ARN format or "*".`;
  if (!/^(\*|aws(-[a-z]+)*)$/.test(partition)) return partitionProblem(resource);
  if (vendor === undefined || /[*?]/.test(vendor)) {
    return 'Resource vendor must be fully qualified and cannot contain regexes.';
  }
  if (vendor !== 'iam' || path.length === 0) return undefined;
  if (region !== '') return `IAM resource ${resource} cannot contain region information.`;
  const name = path.join(':');
  return name === '*' || iamPaths.some((start) => name.startsWith(start)) ? undefined : iamPathProblem;
}

function partitionProblem(resource: string): string {
  const [, partition = '*', vendor = '*', region = '*', account = '*', ...path] = partsOf(resource);
  const arn = ['arn', partition, vendor, region, account, path.join(':') || '*'].join(':');
  return `Partition "${partition}" is not valid for resource "${arn}".`;
}

const iamPaths = [
  'user/',
  'federated-user/',
  'role/',
  'group/',
  'instance-profile/',
  'mfa/',
  'server-certificate/',
  'policy/',
  'sms-mfa/',
  'saml-provider/',
  'oidc-provider/',
  'report/',
  'access-report/',
];

const iamPathProblem = `IAM resource path must either be "*" or start with ${iamPaths.join(', ')}.`;

function actionProblem(action: string): string | undefined {
  if (action === '*') return undefined;
  const [vendor = '', name, ...rest] = action.split(':');
  if (name === undefined) {
    return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';
  }
  if (rest.length > 0) return 'Actions/Condition can contain only one colon.';
  return /^[A-Za-z0-9.-]+$/.test(vendor) ? undefined : `Vendor ${vendor} is not valid`;
}

function first(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined);
}
