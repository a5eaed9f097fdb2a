/** Chains of roles in large accounts, and the same account twice. */

import { expect, it } from 'vitest';
import { type Chain, chainEvidence, createChainMap } from '../../../lib/audit/chains.ts';
import type { AccountRole } from '../../../lib/audit/inventory.ts';
import { readDocument } from '../../../lib/audit/policy-language.ts';

const own = '111111111111';
const now = Date.parse('2027-01-01T00:00:00Z');
const arnOf = (name: string) => `arn:aws:iam::${own}:role/${name}`;
const endpoint = (name: string) => `arn:aws:sagemaker:us-east-1:${own}:endpoint/${name}`;
const document = (...Statement: object[]) => readDocument({ Version: '2012-10-17', Statement });
const trust = (AWS: unknown, Condition = {}) => ({
  Effect: 'Allow',
  Principal: { AWS },
  Action: 'sts:AssumeRole',
  Condition,
});
const allow = (Action: string, Resource: unknown = '*', Condition = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  Condition,
});
const except = (Action: string) => ({ Effect: 'Allow', NotAction: Action, Resource: '*' });
const deny = (Action: string, Resource: unknown) => ({ Effect: 'Deny', Action, Resource });
const byGithub = {
  Effect: 'Allow',
  Principal: { Federated: `arn:aws:iam::${own}:oidc-provider/token.actions.githubusercontent.com` },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: { StringEquals: { 'token.actions.githubusercontent.com:sub': 'repo:acme/x:*' } },
};

const role = (name: string, trusts: object | object[], policies: object | object[] = []): AccountRole => ({
  arn: arnOf(name),
  name,
  path: '/',
  id: `AROA${name}`,
  trust: document(...[trusts].flat()),
  inline: [{ name: 'inline', document: document(...[policies].flat()) }],
  attached: [],
  instanceProfiles: [],
  tags: {},
});
const many = (count: number, make: (number: number) => AccountRole) =>
  Array.from({ length: count }, (_, number) => make(number));

function chainsOf(roles: readonly AccountRole[]): Chain[] {
  const map = createChainMap({ accountId: own, managed: new Map(), now });
  for (const one of roles) map.add(one);
  return [...map.chains()];
}
const endsOf = (roles: readonly AccountRole[]) =>
  chainsOf(roles).flatMap(({ ends }) => ends.map(({ path }) => path.join(' > ')));

const vendor = (...policies: object[]) => role('Vendor', trust('333333333333'), policies);
const further = allow('sts:AssumeRole');

it('gets through an account where thousands may assume thousands', () => {
  const chains = chainsOf([
    ...many(300, (n) => role(`ci-${n}`, byGithub, allow('*'))),
    ...many(1_500, (n) => role(`power-${n}`, trust(own), except('iam:*'))),
    ...many(2_000, (n) =>
      role(`deploy-${n}`, trust(arnOf(`ci-${n % 300}`)), allow('sts:AssumeRole', arnOf(`data-${n}`))),
    ),
    ...many(6_000, (n) => role(`data-${n}`, trust(own), allow('s3:*', `arn:aws:s3:::bucket-${n}/*`))),
    vendor(allow('sts:AssumeRole', '*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })),
  ]);
  // An administrator opens everything itself; the vendor gets to every endpoint by way of one who may.
  expect(chains.map(({ entry }) => entry.arn)).toEqual([arnOf('Vendor')]);
}, 60_000);

it('shows each thing that is opened once, however many roles open it, and leaves out none', () => {
  const demo = many(60, (n) =>
    role(`demo-${n}`, trust(own), allow('sagemaker:InvokeEndpoint', endpoint('demo'))),
  );
  const prod = role('prod', trust(own), allow('sagemaker:InvokeEndpoint', endpoint('fraud')));
  expect(endsOf([vendor(further), ...demo, prod])).toEqual(['Vendor > demo-0', 'Vendor > prod']);
});

it('weighs denies, boundaries and exceptions when it asks whether an end opens more than its entry', () => {
  const owner = role('Owner', trust(own), allow('sagemaker:InvokeEndpoint', endpoint('prod')));
  const all = allow('sagemaker:InvokeEndpoint');
  expect(endsOf([vendor(further, all), owner])).toEqual([]);
  expect(endsOf([vendor(further, all, deny('sagemaker:*', endpoint('prod'))), owner])).toHaveLength(1);
  const but = { Effect: 'Allow', Action: 'sagemaker:InvokeEndpoint', NotResource: endpoint('prod') };
  expect(endsOf([vendor(further, but), owner])).toHaveLength(1);
  const sometimes = allow('sagemaker:InvokeEndpoint', '*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } });
  expect(endsOf([vendor(further, sometimes), owner])).toHaveLength(1);
});

it('takes a variable for whatever leaves the door open', () => {
  const owner = (Condition: object) =>
    role('Owner', trust('*', Condition), allow('sagemaker:InvokeEndpoint', endpoint('prod')));
  const variable = `arn:aws:iam::\${aws:ResourceAccount}:role/*`;
  expect(endsOf([vendor(), owner({ ArnLike: { 'aws:PrincipalArn': variable } })])).toHaveLength(1);
  expect(
    endsOf([vendor(), owner({ StringEquals: { 'aws:PrincipalAccount': `\${aws:ResourceAccount}` } })]),
  ).toHaveLength(1);
  const guard = {
    Effect: 'Deny',
    Action: 'sts:AssumeRole',
    NotResource: `arn:aws:iam::\${aws:PrincipalAccount}:role/Owner`,
  };
  const trusting = role('Owner', trust(own), allow('sagemaker:InvokeEndpoint', endpoint('prod')));
  expect(endsOf([vendor(further, guard), trusting])).toHaveLength(1);
});

it('prefers a longer way without conditions to a shorter one with some', () => {
  const roles = [
    vendor(
      allow('sts:AssumeRole', arnOf('Mid')),
      allow('sts:AssumeRole', arnOf('Owner'), { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
    ),
    role('Mid', trust(own), allow('sts:AssumeRole', arnOf('Owner'))),
    role('Owner', trust(own), allow('sagemaker:InvokeEndpoint')),
  ];
  expect(chainsOf(roles)[0]?.ends).toMatchObject([{ path: ['Vendor', 'Mid', 'Owner'], asks: [] }]);
});

it('says the same of the same account, whatever else is in it and in whatever order it was read', () => {
  const held = (name: string, pattern: string) =>
    role(
      name,
      trust(own, { ArnLike: { 'aws:PrincipalArn': arnOf(pattern) } }),
      allow('sagemaker:InvokeEndpoint', endpoint(name.toLowerCase())),
    );
  const roles = [vendor(further), held('Z', 'V*'), held('Y', 'Vend*'), held('X', '*')];
  const evidence = chainsOf(roles).map(chainEvidence);
  const bystander = role('AAA', trust(own, { ArnLike: { 'aws:PrincipalArn': arnOf('Vend*') } }));
  expect(chainsOf([bystander, ...roles.toReversed()]).map(chainEvidence)).toEqual(evidence);
});
