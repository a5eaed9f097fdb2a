import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument, Statement } from '../../../sandbox/policy/document.ts';
import { type EvaluationInput, evaluate, globalContext } from '../../../sandbox/policy/evaluate.ts';

interface IamCase {
  readonly title: string;
  readonly source: string;
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
  readonly resourceAccountId?: string;
  readonly identity: readonly Statement[];
  readonly boundary?: readonly Statement[];
  readonly session?: readonly (readonly Statement[])[];
  readonly resourcePolicy?: readonly Statement[];
  readonly version?: '2008-10-17';
  readonly context?: EvaluationInput['context'];
  readonly at?: string;
  readonly sourceIp?: string;
  readonly sourceVpce?: string;
  readonly orgId?: string;
  readonly expect: 'allow' | 'deny' | 'explicit-deny';
  readonly message?: string;
}

/** A misspelt field would be a case that does not test what its title says. */
const fields =
  /^(title|source|caller|action|resource|resourceAccountId|identity|boundary|session|resourcePolicy|version|context|at|sourceIp|sourceVpce|orgId|expect|message)$/;

const folder = new URL('../iam-cases/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const themes = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'callers.json');
const cases = themes.map((theme) => ({ theme, rows: read(theme) as IamCase[] }));

/** As in `callers.json`, with times in milliseconds. */
const callers = new Map(
  Object.entries(
    read('callers.json') as Record<string, EvaluationInput['caller'] & { session?: SessionRow }>,
  ).map(([name, { session, ...caller }]) => [
    name,
    { ...caller, ...(session && { session: timed(session) }) },
  ]),
);

interface SessionRow {
  readonly name: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly tags: Readonly<Record<string, string>>;
}

function timed({ issuedAt, expiresAt, ...session }: SessionRow) {
  return { ...session, issuedAt: Date.parse(issuedAt), expiresAt: Date.parse(expiresAt), policies: [] };
}

describe.each(cases)('$theme', ({ rows }) => {
  it.each(rows)('$title', (row) => {
    const decision = evaluate(inputOf(row));
    const outcome = decision.allowed ? 'allow' : decision.explicit ? 'explicit-deny' : 'deny';
    expect(outcome).toBe(row.expect);
    if (row.message !== undefined) expect(decision).toMatchObject({ message: row.message });
  });
});

describe('the table itself', () => {
  const rows = cases.flatMap((theme) => theme.rows);

  it('has at least 160 cases, each with a title of its own and a source', () => {
    expect(rows.length).toBeGreaterThanOrEqual(160);
    expect(new Set(rows.map(({ title }) => title)).size).toBe(rows.length);
    expect(rows.filter(({ source }) => !source)).toEqual([]);
  });

  it('has no field that the runner does not read', () => {
    expect(rows.flatMap((row) => Object.keys(row)).filter((field) => !fields.test(field))).toEqual([]);
  });

  it('expects every outcome', () => {
    const outcomes = new Set(rows.map((row) => row.expect));
    expect([...outcomes].sort()).toEqual(['allow', 'deny', 'explicit-deny']);
  });
});

describe('the table covers', () => {
  const conditions = cases
    .flatMap(({ rows }) => rows)
    .flatMap(({ identity, boundary = [], session = [], resourcePolicy = [] }) =>
      [...identity, ...boundary, ...session.flat(), ...resourcePolicy].map(({ Condition = {} }) => Condition),
    );
  const operators = new Set(conditions.flatMap((condition) => Object.keys(condition)));
  const keys = new Set(
    conditions.flatMap((condition) =>
      Object.values(condition)
        .flatMap(Object.keys)
        .map((key) => key.toLowerCase().replace(/\/.*/, '/')),
    ),
  );
  const orders = ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'];

  it.each([
    ...['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike'].map(
      (name) => `String${name}`,
    ),
    ...['Equals', 'NotEquals', 'Like', 'NotLike'].map((name) => `Arn${name}`),
    ...['Numeric', 'Date'].flatMap((family) => orders.map((name) => family + name)),
    ...['Bool', 'Null', 'BinaryEquals', 'IpAddress', 'NotIpAddress'],
    ...['String', 'Arn', 'Date', 'Bool', 'Numeric', 'IpAddress'].map((family) => `${family}…IfExists`),
    ...['ForAllValues:', 'ForAnyValue:'],
  ])('%s', (name) => {
    const [start = '', end = ''] = name.split('…');
    const found = [...operators].filter((operator) =>
      name.endsWith(':') || end ? operator.startsWith(start) && operator.endsWith(end) : operator === name,
    );
    expect(found).not.toEqual([]);
  });

  it.each([
    ...['aws:CurrentTime', 'aws:TokenIssueTime', 'aws:PrincipalArn', 'aws:PrincipalAccount'],
    ...['aws:PrincipalOrgID', 'aws:SourceIp', 'aws:SourceVpce', 'aws:RequestTag/', 'aws:TagKeys'],
    ...[
      'aws:ResourceTag/',
      'aws:PrincipalTag/',
      'sts:ExternalId',
      'sts:RoleSessionName',
      'sts:SourceIdentity',
    ],
    ...['sagemaker:TargetModel', 'iam:PermissionsBoundary'],
  ])('%s', (key) => {
    expect(keys).toContain(key.toLowerCase());
  });
});

function inputOf(row: IamCase): EvaluationInput {
  const caller = callers.get(row.caller);
  if (!caller) throw new Error(`callers.json has no ${row.caller}`);
  const policy = (statements: readonly Statement[]): PolicyDocument => ({
    Version: row.version ?? '2012-10-17',
    Statement: statements,
  });
  const { orgId, sourceVpce, sourceIp = '203.0.113.7' } = row;
  const now = Date.parse(row.at ?? '2027-03-01T12:00:00Z');
  return {
    action: row.action,
    resource: row.resource,
    resourceAccountId: row.resourceAccountId,
    caller,
    context: { ...globalContext(caller, { now, sourceIp, sourceVpce, orgId }), ...row.context },
    identity: [policy(row.identity)],
    boundary: row.boundary && policy(row.boundary),
    session: row.session?.map(policy),
    resourcePolicy: row.resourcePolicy && policy(row.resourcePolicy),
  };
}
