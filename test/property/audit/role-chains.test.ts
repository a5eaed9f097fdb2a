/**
 * Small accounts of random roles: a chain is reported exactly when the sandbox's policy evaluation lets somebody outside
 * walk it, from role to role to an endpoint.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concernsAssuming } from '../../../lib/audit/assuming.ts';
import { createChainMap } from '../../../lib/audit/chains.ts';
import type { AccountRole } from '../../../lib/audit/inventory.ts';
import { readDocument } from '../../../lib/audit/policy-language.ts';
import { concernsEndpoints } from '../../../lib/audit/reach.ts';
import type { PolicyDocument, Statement } from '../../../sandbox/policy/document.ts';
import { evaluate, globalContext } from '../../../sandbox/policy/evaluate.ts';

const own = '111111111111';
const now = Date.parse('2027-01-01T00:00:00Z');
const names = ['a', 'b', 'c', 'd'] as const;
type Name = (typeof names)[number];
const pathOf: Readonly<Record<Name, string>> = {
  a: '/',
  b: '/team/',
  c: '/',
  d: '/sharemaker/222222222222/',
};
const arnOf = (name: Name) => `arn:aws:iam::${own}:role${pathOf[name]}${name}`;
const endpoint = `arn:aws:sagemaker:us-east-1:${own}:endpoint/puppet`;

const documentOf = (statements: readonly object[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements as Statement[],
});
const document = (statement: fc.Arbitrary<object>, minLength: number, maxLength: number) =>
  fc.array(statement, { minLength, maxLength }).map(documentOf);

// The dice are loaded so that chains are not too rare.
const mostlyAllow = fc.constantFrom('Allow', 'Allow', 'Allow', 'Allow', 'Allow', 'Deny');
const date = fc.constantFrom<object>(
  ...[{}, {}, {}, {}, {}],
  { DateLessThan: { 'aws:CurrentTime': '2027-06-01T00:00:00Z' } },
  { DateLessThan: { 'aws:CurrentTime': '2026-06-01T00:00:00Z' } },
);
const principal = fc.constantFrom<object>(
  ...names.map((name) => ({ AWS: arnOf(name) })),
  ...names.map((name) => ({ AWS: `arn:aws:sts::${own}:assumed-role/${name}/s` })),
  { AWS: own },
  { AWS: `arn:aws:iam::${own}:root` },
  { AWS: [arnOf('a'), '333333333333'] },
  { AWS: '222222222222' },
  { AWS: '*' },
  { AWS: 'AROAGONEGONEGONEGONE1' },
  { Service: 'lambda.amazonaws.com' },
);
const asked = fc.constantFrom<object>(
  ...[{}, {}, {}, {}, {}],
  { StringEquals: { 'aws:PrincipalAccount': own } },
  { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${own}:role/team/*` } },
  { ArnEquals: { 'aws:PrincipalArn': [arnOf('a'), arnOf('c')] } },
);
const trust = fc
  .record({
    effect: mostlyAllow,
    who: principal,
    conditions: asked,
    until: date,
    action: fc.constantFrom('sts:AssumeRole', 'sts:AssumeRole', 'sts:*', 'sts:assume*', 'sts:TagSession'),
  })
  .map(({ effect, who, conditions, until, action }) => ({
    Effect: effect,
    Principal: who,
    Action: action,
    ...(effect === 'Allow' && { Condition: { ...conditions, ...until } }),
  }));
const permission = fc
  .record({
    effect: mostlyAllow,
    action: fc.constantFrom<object>(
      { Action: 'sts:AssumeRole' },
      { Action: ['sts:*', 'sagemaker:Invoke*'] },
      { Action: '*' },
      { Action: 'sagemaker:InvokeEndpoint' },
      { NotAction: 'sts:AssumeRole' },
      { NotAction: 's3:*' },
    ),
    resource: fc.constantFrom<object>(
      { Resource: '*' },
      { Resource: arnOf('b') },
      { Resource: `arn:aws:iam::${own}:role/*` },
      { Resource: ['arn:aws:iam::*:role/team/*', endpoint] },
      { Resource: endpoint },
      { NotResource: arnOf('c') },
    ),
    until: date,
  })
  .map(({ effect, action, resource, until }) => ({
    Effect: effect,
    ...action,
    ...resource,
    ...(effect === 'Allow' && { Condition: until }),
  }));

interface RandomRole {
  readonly trust: PolicyDocument;
  readonly inline: PolicyDocument;
  readonly attached: PolicyDocument;
  readonly boundary: PolicyDocument | undefined;
}
const randomRole: fc.Arbitrary<RandomRole> = fc.record({
  trust: document(trust, 1, 3),
  inline: document(permission, 1, 3),
  attached: document(permission, 0, 1),
  boundary: fc.option(document(permission, 1, 2), { nil: undefined, freq: 2 }),
});
const account = fc.record(Object.fromEntries(names.map((name) => [name, randomRole])));
type Account = Readonly<Record<string, RandomRole>>;

/** A session of a role of the account, by a name that a trust policy may call for, or by another. */
const sessionNames = ['s', 't'];
const sessionsOf = (accountId: string, name: string, roleArn: string) =>
  sessionNames.map((session) => ({
    type: 'AssumedRole' as const,
    accountId,
    arn: `arn:aws:sts::${accountId}:assumed-role/${name}/${session}`,
    principalArn: roleArn,
    userId: `AROA${name}:${session}`,
    session: { name: session, issuedAt: now, expiresAt: now + 1, policies: [], tags: {} },
  }));
const everything = documentOf([{ Effect: 'Allow', Action: '*', Resource: '*' }]);
const outsiders = ['222222222222', '333333333333', '444444444444'].flatMap((accountId) =>
  sessionsOf(accountId, 'outsider', `arn:aws:iam::${accountId}:role/outsider`).map((caller) => ({
    caller,
    policies: { identity: [everything] },
  })),
);

type Caller = ReturnType<typeof sessionsOf>[number];
const contextOf = (caller: Caller) => globalContext(caller, { now, sourceIp: '203.0.113.7' });

function sessionsIn(accountOfRoles: Account, name: Name) {
  const { inline, attached, boundary } = accountOfRoles[name]!;
  return sessionsOf(own, name, arnOf(name)).map((caller) => ({
    caller,
    policies: { identity: [inline, attached], boundary },
  }));
}

function mayAssume(
  accountOfRoles: Account,
  name: Name,
  callers: readonly {
    caller: Caller;
    policies: { identity: PolicyDocument[]; boundary?: PolicyDocument | undefined };
  }[],
): boolean {
  return callers.some(
    ({ caller, policies }) =>
      evaluate({
        action: 'sts:AssumeRole',
        resource: arnOf(name),
        resourceAccountId: own,
        caller,
        context: contextOf(caller),
        ...policies,
        resourcePolicy: accountOfRoles[name]!.trust,
      }).allowed,
  );
}

/** The invocations that a session of the role may make. */
function opened(accountOfRoles: Account, name: Name): string[] {
  return invocations
    .filter((invocation) =>
      sessionsIn(accountOfRoles, name).some(
        ({ caller, policies }) =>
          evaluate({ ...invocation, caller, context: contextOf(caller), ...policies }).allowed,
      ),
    )
    .map(({ action, resource }) => `${action} ${resource}`);
}

/** What the documents above can tell apart. */
const invocations = ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointAsync'].flatMap((action) =>
  [endpoint, endpoint.replace('puppet', 'other')].map((resource) => ({ action, resource })),
);

/** Names of the roles that somebody outside gets into, and those that each leads to. */
function walked(accountOfRoles: Account): Map<Name, Set<Name>> {
  const entries = names.filter((name) => mayAssume(accountOfRoles, name, outsiders));
  return new Map(
    entries.map((entry) => {
      const reached = new Set<Name>([entry]);
      for (const at of reached)
        for (const to of names)
          if (mayAssume(accountOfRoles, to, sessionsIn(accountOfRoles, at))) reached.add(to);
      reached.delete(entry);
      return [entry, reached] as const;
    }),
  );
}

function reported(accountOfRoles: Account): Map<string, string[]> {
  const read = (one: PolicyDocument) => {
    const readable = readDocument(one);
    return readable && (concernsEndpoints(readable) || concernsAssuming(readable)) ? readable : null;
  };
  const managed = new Map(
    names.flatMap((name) => {
      const { attached, boundary } = accountOfRoles[name]!;
      return [
        [`attached-${name}`, read(attached)] as const,
        ...(boundary ? [[`boundary-${name}`, read(boundary)] as const] : []),
      ];
    }),
  );
  const map = createChainMap({ accountId: own, managed, now });
  for (const name of names) {
    const { trust: trustPolicy, inline, boundary } = accountOfRoles[name]!;
    const role: AccountRole = {
      arn: arnOf(name),
      name,
      path: pathOf[name],
      id: `AROA${name}`,
      trust: readDocument(trustPolicy),
      inline: [{ name: 'inline', document: readDocument(inline) }],
      attached: [`attached-${name}`],
      instanceProfiles: [],
      ...(boundary && { boundaryArn: `boundary-${name}` }),
      tags: {},
    };
    map.add(role);
  }
  return new Map(
    [...map.chains()].map(
      ({ entry, ends }) => [entry.arn, ends.map(({ path }) => path.at(-1) ?? '')] as const,
    ),
  );
}

it('reports what somebody outside can walk, and nothing else', () => {
  const counted = { chains: 0, long: 0, none: 0 };
  fc.assert(
    fc.property(account, (accountOfRoles) => {
      const found = reported(accountOfRoles);
      const walks = walked(accountOfRoles);
      for (const name of names) {
        const reachable = [...(walks.get(name) ?? [])].filter(
          (end) => opened(accountOfRoles, end).length > 0,
        );
        const told = found.get(arnOf(name)) ?? [];
        // What is told can be walked.
        expect(reachable).toEqual(expect.arrayContaining(told));
        if (told.length > 0) counted.chains++;
        else counted.none++;
        if ((walks.get(name)?.size ?? 0) > 1 && told.length > 0) counted.long++;
        // What can be walked is told where it opens anything more; of roles with the same policies, one is told.
        const own = opened(accountOfRoles, name);
        const policiesOf = (end: string) => {
          const { trust: _who, ...policies } = accountOfRoles[end]!;
          return JSON.stringify(policies);
        };
        const toldPolicies = told.map(policiesOf);
        for (const end of reachable)
          if (opened(accountOfRoles, end).some((one) => !own.includes(one)))
            expect(toldPolicies).toContain(policiesOf(end));
      }
    }),
    { numRuns: Number(process.env['FUZZ_CASES'] ?? 1_500) },
  );
  expect(Math.min(counted.chains, counted.long, counted.none)).toBeGreaterThan(20);
});
