import { describe, expect, it } from 'vitest';
import { auditGrantsBody } from '../../../lib/contract/audit.ts';
import { createGrantBody, rotateGrantBody, updateGrantBody } from '../../../lib/contract/grant.ts';
import { type Offer, offerSchema } from '../../../lib/contract/offer.ts';
import { acceptOfferBody } from '../../../lib/contract/subscription.ts';

const share = { endpoint: { name: 'Iris-Classifier' }, child: { accountId: '222222222222' } };
const grantId = 'grt_01jd0000000000000000000001';
const offer: Offer = {
  version: 1,
  grantId,
  roleArn: `arn:aws:iam::111111111111:role/sharemaker/222222222222/sharemaker-${grantId}`,
  externalId: 'an-external-id',
  childAccountId: '222222222222',
  endpoint: { name: 'Iris-Classifier', region: 'us-east-1' },
  modes: ['sync'],
  expiresAt: '2027-02-21T00:00:00.000Z',
  offerUrl: `https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/dev/offers/${grantId}`,
};

const pathsOf = (result: { error?: { issues: readonly { path: readonly PropertyKey[] }[] } | undefined }) =>
  result.error?.issues.map(({ path }) => path.join('.'));

describe('a create', () => {
  it('is for mode sync unless it says so', () => {
    expect(createGrantBody.parse(share)).toEqual({ ...share, modes: ['sync'] });
  });

  it.each([
    [{ colour: 'green' }, ''],
    [{ endpoint: { name: 'Iris', arn: 'x' } }, 'endpoint'],
    [{ child: { accountId: '222222222222', role: 'x' } }, 'child'],
    [{ targets: { variants: ['a'] } }, 'targets'],
    [{ targets: { models: [] } }, 'targets.models'],
    [{ conditions: { sourceIps: Array(21).fill('10.0.0.1') } }, 'conditions.sourceIps'],
    [{ child: { accountId: '222222222222', principals: [] } }, 'child.principals'],
    [{ limits: { concurrency: 0 } }, 'limits.concurrency'],
    [{ limits: { concurrency: 1001 } }, 'limits.concurrency'],
    [{ recordCaller: 'yes' }, 'recordCaller'],
    [{ endpoint: null }, 'endpoint'],
  ])('refuses %j and names the field', (change, path) => {
    expect(pathsOf(createGrantBody.safeParse({ ...share, ...change }))).toEqual([path]);
  });
});

describe('an update', () => {
  it.each([{ note: null }, { targets: null }, { conditions: null }, { modes: ['stream'] }, { note: '' }])(
    'may be %j',
    (patch) => {
      expect(updateGrantBody.parse(patch)).toEqual(patch);
    },
  );

  it.each([{}, { expiresAt: null }, { modes: null }, { child: share.child }, { endpoint: share.endpoint }])(
    'may not be %j',
    (patch) => {
      expect(updateGrantBody.safeParse(patch).success).toBe(false);
    },
  );
});

describe('a rotation', () => {
  it('leaves the old external id an hour unless it says so', () => {
    expect(rotateGrantBody.parse({})).toEqual({ graceSeconds: 3600 });
  });

  it.each([-1, 86_401, 1.5, '60', null])('refuses a grace period of %j', (graceSeconds) => {
    expect(rotateGrantBody.safeParse({ graceSeconds }).success).toBe(false);
  });

  it.each([0, 86_400])('takes one of %i seconds', (graceSeconds) => {
    expect(rotateGrantBody.parse({ graceSeconds })).toEqual({ graceSeconds });
  });
});

describe('an audit', () => {
  it('only reports unless it says so', () => {
    expect(auditGrantsBody.parse({})).toEqual({ mode: 'report' });
  });

  it.each([
    { mode: 'destroy' },
    { adopt: '' },
    { adopt: 'arn:aws:iam::111111111111:user/x' },
    { adopt: 'SageMakerExternal' },
  ])('refuses %j', (body) => {
    expect(auditGrantsBody.safeParse(body).success).toBe(false);
  });
});

describe('an acceptance', () => {
  it.each([
    { alias: 'iris', offer },
    { alias: 'iris', offerUrl: offer.offerUrl },
  ])('takes an offer or its address', (body) => {
    expect(acceptOfferBody.parse(body)).toEqual(body);
  });

  it.each([
    { alias: 'iris' },
    { offer },
    { alias: 'iris', offer, offerUrl: offer.offerUrl },
    { alias: 'iris', offerUrl: 'file:///etc/passwd' },
    { alias: 'iris', offerUrl: `https://example.com/${'x'.repeat(2048)}` },
  ])('refuses anything else (%#)', (body) => {
    expect(acceptOfferBody.safeParse(body).success).toBe(false);
  });
});

describe('an offer', () => {
  it('comes through JSON as it was', () => {
    expect(offerSchema.parse(JSON.parse(JSON.stringify(offer)))).toEqual(offer);
  });

  it.each([
    ['another version', { version: 2 }],
    ['a field more', { colour: 'green' }],
    ['a role of another path', { roleArn: 'arn:aws:iam::111111111111:role/Admin' }],
    ['a role by a wildcard', { roleArn: offer.roleArn.replace(grantId, '*') }],
    ['an address that is none', { offerUrl: 'nonsense' }],
    ['an address that is no web address', { offerUrl: 'javascript:alert(1)' }],
    ['prefixes outside S3', { async: { inputPrefix: 'https://x/', outputPrefix: 's3://bucket/a/' } }],
  ])('with %s is none', (_what, change) => {
    expect(offerSchema.safeParse({ ...offer, ...change }).success).toBe(false);
  });

  it.each(Object.keys(offer))('without its %s is none', (missing) => {
    const { [missing as keyof Offer]: _gone, ...rest } = offer;
    expect(pathsOf(offerSchema.safeParse(rest))).toEqual([missing]);
  });
});
