/** What both deployments leave open, read from their files: no route without a signature, no payload without an end. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { operations, relayRoutes } from '../../lib/contract/operations.ts';
import { readStack } from '../../sandbox/stack/stack.ts';
import { parseYaml } from '../../sandbox/stack/yaml.ts';

interface StackFile {
  readonly functions: Readonly<
    Record<string, { readonly role: string; readonly events: readonly StackEvent[] }>
  >;
  readonly resourcePolicy: readonly unknown[];
  readonly resources: {
    readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Properties }>>;
  };
}
interface StackEvent {
  readonly http?: { readonly method: string; readonly path: string; readonly authorizer?: string };
}
type Properties = Readonly<Record<string, unknown>>;

const read = (account: string) =>
  parseYaml(
    readFileSync(new URL(`../../functions/${account}/stack.yml`, import.meta.url), 'utf8'),
  ) as StackFile;

describe.each([
  ['parent', Object.values(operations).filter(({ api }) => api === 'parent')],
  [
    'child',
    [...Object.values(operations).filter(({ api }) => api === 'child'), ...Object.values(relayRoutes)],
  ],
] as const)('the API of the %s', (account, wanted) => {
  const { functions } = read(account);
  const routes = Object.values(functions).flatMap(({ events }) => events.flatMap(({ http }) => http ?? []));

  it('asks for a signature on every route', () => {
    expect(routes.map(({ authorizer }) => authorizer)).toEqual(routes.map(() => 'aws_iam'));
  });

  it('has the routes of the contract and no other', () => {
    const named = (list: readonly { readonly method: string; readonly path: string }[]) =>
      list.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort();
    expect(named(routes)).toEqual(named(wanted));
  });

  it('gives every function a role of its own', () => {
    const roles = Object.values(functions).map(({ role }) => role);
    expect(new Set(roles).size).toBe(roles.length);
  });
});

describe('other accounts', () => {
  const isOther = { StringNotEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } };

  it.each([
    ['', {}],
    ['o-example', { StringEquals: { 'aws:PrincipalOrgID': 'o-example' } }],
  ])('reach offers in the parent, and nothing else, with offerReaders "%s"', (offerReaders, narrower) => {
    const { resourcePolicy } = readStack({
      account: 'parent',
      accountId: '111111111111',
      params: { offerReaders },
    });
    expect(resourcePolicy.Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: '*',
        Action: 'execute-api:Invoke',
        Resource: 'execute-api:/*/GET/offers/*',
        Condition: { StringNotEquals: { 'aws:PrincipalAccount': '111111111111' }, ...narrower },
      },
    ]);
  });

  it('reach nothing in the child', () => {
    expect(read('child').resourcePolicy).toEqual([
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'execute-api:Invoke',
        Resource: 'execute-api:/*',
        Condition: isOther,
      },
    ]);
  });
});

describe('the payloads of asynchronous invocations', () => {
  const bucket: Properties = read('parent').resources.Resources['AsyncBucket']?.Properties ?? {};

  it('are forgotten wherever in the bucket an endpoint writes them', () => {
    const { Rules } = bucket['LifecycleConfiguration'] as { Rules: readonly Properties[] };
    const ofAll = Rules.filter((rule) => !('Prefix' in rule) && !('TagFilters' in rule));
    expect(ofAll).toEqual([expect.objectContaining({ Status: 'Enabled', ExpirationInDays: 7 })]);
  });

  it('can be opened to nobody by an access list or a public policy', () => {
    expect(Object.values(bucket['PublicAccessBlockConfiguration'] as Properties)).toEqual(
      Array(4).fill(true),
    );
    expect(bucket['OwnershipControls']).toEqual({ Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] });
  });
});
