/** What a caller, or a parent whose offer is read, may put into a field: bounded in size, and never more than the field. */

import type { APIGatewayProxyEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { alias, endpointName, modelPattern, principalPattern, region } from '../../lib/contract/fields.ts';
import { offerSchema } from '../../lib/contract/offer.ts';
import { operations } from '../../lib/contract/operations.ts';
import { Problem } from '../../lib/contract/problems.ts';
import { parseInput } from '../../lib/http/request.ts';
import { newerTerms } from '../../lib/relay/offer-terms.ts';
import { anOffer, aSubscription } from '../support/relay-lab.ts';

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

describe('a name', () => {
  it.each([
    ['an endpoint', endpointName, `a${'-'.repeat(61)}b`, `a${'-'.repeat(62)}b`],
    ['a Region', region, 'us-iso-east-1', `us-${'a'.repeat(32)}-1`],
    ['an alias', alias, `a${'-'.repeat(61)}b`, `a${'-'.repeat(62)}b`],
  ])('of %s has an end', (_what, schema, longest, longer) => {
    expect(accepts(schema, longest)).toBe(true);
    expect(accepts(schema, longer)).toBe(false);
  });

  it.each([
    'iris\n',
    'iris\r\nX-Evil: 1',
    '../iris',
    'iris/../x',
    '%2e%2e',
    'iris?x=1',
    'ìris',
    `\${aws:userid}`,
  ])('of nothing is %j', (name) => {
    for (const schema of [endpointName, region, alias]) expect(accepts(schema, name)).toBe(false);
  });
});

describe('what goes into a policy', () => {
  const account = 'arn:aws:iam::222222222222:';

  it.each([
    `${account}role/\${aws:username}`,
    `${account}role/\${*}`,
    `${account}root`,
    `${account}*`,
    'arn:aws:iam::*:role/x',
    'arn:aws:iam::22222222222?:role/x',
    'arn:aws:sts::222222222222:assumed-role/x/y',
    '*',
    `${account}role/x"],"AWS":"*`,
    `${account}role/x\n`,
  ])('is no principal %j', (principal) => {
    expect(accepts(principalPattern, principal)).toBe(false);
  });

  it.each([`\${aws:PrincipalArn}`, `a/\${*}`, `a/\${$}{x}`, 'tenant\n', 'é'])('is no model %j', (model) => {
    expect(accepts(modelPattern, model)).toBe(false);
  });
});

describe('what an offer sends back as a header', () => {
  const withExtension = (outputPathExtension: string) => ({
    inputPrefix: 's3://bucket/in/',
    outputPrefix: 's3://bucket/out/',
    outputPathExtension,
  });

  it.each([
    'a\r\nx-evil: 1',
    'a\tb',
    's3://elsewhere/out',
    'https://elsewhere/out',
    'a b',
    'ü',
    'x'.repeat(513),
  ])('is not %j', (extension) => {
    const async = withExtension(extension);
    const offer = anOffer(aLab, { async });
    expect(accepts(offerSchema, offer)).toBe(false);
    expect(newerTerms(aSubscription(), offer)?.async).toBeUndefined();
  });

  it('is what Sharemaker offers', () => {
    const async = withExtension(`grants/grt_${'0'.repeat(26)}/out`);
    expect(accepts(offerSchema, anOffer(aLab, { async }))).toBe(true);
    expect(newerTerms(aSubscription(), anOffer(aLab, { async }))?.async).toEqual(async);
  });
});

describe('a body', () => {
  const refusal = (body: string): Problem => {
    try {
      parseInput(operations['create-grant'], { body } as APIGatewayProxyEvent);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
    throw new Error('it was accepted');
  };
  const good = '"endpoint":{"name":"x"},"child":{"accountId":"222222222222"}';

  it.each([
    ['30,000 wrong principals', `{"child":{"principals":[${'1,'.repeat(30_000)}1]}}`],
    ['6,000 unknown fields', `{${Array.from({ length: 5_000 }, (_, at) => `"k${at}":1`)}}`],
    ['30,000 modes', `{"modes":[${'0,'.repeat(30_000)}0]}`],
    ['arrays in arrays', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
  ])('of %s is answered with less than was sent', (_what, body) => {
    const problem = refusal(body);
    expect(problem.errors.length).toBeLessThan(40);
    expect(JSON.stringify(problem.errors).length + problem.detail.length).toBeLessThan(4_000);
  });

  it.each([`{"__proto__":{"note":"x"},${good}}`, `{"constructor":{"prototype":{"note":"x"}},${good}}`])(
    'cannot reach the prototype: %s',
    (body) => {
      expect(refusal(body).code).toBe('request.invalid');
      expect({}).not.toHaveProperty('note');
    },
  );
});

const aLab = { aws: { url: 'https://abcdefghij.execute-api.us-east-1.amazonaws.com/dev' } };
