import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { operations, relayRoutes } from '../../lib/contract/operations.ts';
import { endedStatuses } from '../../lib/grant/grant.ts';
import { verdicts } from '../../lib/grant/transitions.ts';
import { evaluate } from '../../sandbox/policy/evaluate.ts';
import { grantEvents } from '../../scripts/docs/bus-events.ts';
import { type ExampleRole, examplePolicy, exampleRoles } from '../../scripts/docs/roles.ts';
import { root } from './imports.ts';

const roles = Object.entries<ExampleRole>(exampleRoles);

describe('the example policies', () => {
  const routes = [
    ...Object.entries(operations).map(([name, { api, method, path }]) => ({ name, api, method, path })),
    ...Object.values(relayRoutes).map((route) => ({ name: 'invoke', api: 'child' as const, ...route })),
  ];

  it.each(roles)('of the %s allow what it is for, and nothing else', (_name, role) => {
    const allowed = routes.filter((route) => mayCall(role, route));
    expect([...new Set(allowed.map(({ name }) => name))].sort()).toEqual([...role.operations].sort());
    // Of an operation with several routes, all.
    expect(allowed).toHaveLength(
      routes.filter(({ name }) => allowed.some((each) => each.name === name)).length,
    );
  });

  it('give every operation to one role, so that none is forgotten and powers can be told apart', () => {
    const given = roles.flatMap(([, role]) => role.operations);
    expect([...given].sort()).toEqual([...Object.keys(operations), 'invoke'].sort());
  });

  it('let an invoker call its alias and no other', () => {
    const invoker = exampleRoles.invoker;
    const route = { api: 'child', ...relayRoutes.sync } as const;
    expect(mayCall(invoker, route)).toBe(true);
    expect(mayCall(invoker, route, 'storyteller')).toBe(false);
  });

  function mayCall(
    role: ExampleRole,
    { api, method, path }: { api: 'parent' | 'child'; method: string; path: string },
    alias = 'iris',
  ): boolean {
    const [account, stage] =
      api === 'parent' ? ['111111111111', 'a1b2c3d4e5/dev'] : ['222222222222', 'f6g7h8i9j0/dev'];
    const arn = `arn:aws:iam::${account}:user/somebody`;
    const caller = { type: 'User', accountId: account, arn, principalArn: arn, userId: 'AIDA' } as const;
    return evaluate({
      action: 'execute-api:Invoke',
      resource: `arn:aws:execute-api:us-east-1:${account}:${stage}/${method}${path
        .replace('{alias}', alias)
        .replace(/\{\w+\}/, 'grt_1')}`,
      caller,
      context: {},
      identity: [JSON.parse(JSON.stringify(examplePolicy(role)))],
    }).allowed;
  }
});

describe('the events', () => {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const sources = globSync(['lib/grant/*.ts', 'lib/audit/*.ts'], { cwd: root }).map(read).join('\n');
  const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);

  it('are those that the code remembers, no fewer and no more', () => {
    const operationsOfGrants = [
      ...Object.keys(verdicts),
      ...all(sources, /\bpend\([^;]*?,\s*'([a-z ]+)',/g),
    ].map((operation) => `grant.${operation.replaceAll(' ', '_')}_asked`);
    const settled = /const events: [^=]*= \{([^}]*)\}/.exec(read('lib/grant/news.ts'))?.[1] ?? '';
    const remembered = [
      ...operationsOfGrants,
      ...all(sources, /\bevent: '(grant\.[a-z_]+)'/g),
      ...all(settled, /'(grant\.[a-z_]+)'/g),
      ...all(sources, /'(proven_[a-z]+)'/g).map((name) => `grant.${name}`),
      ...endedStatuses.map((status) => `grant.${status}`),
    ];
    expect(Object.keys(grantEvents).sort()).toEqual([...new Set(remembered)].sort());
  });
});
