import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from '../../support/refusal.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

const valid = { endpoint: { name: 'Iris-Classifier' }, child: { accountId: '222222222222' } };
const create = (body: unknown, headers = {}) => ({ method: 'POST', path: '/grants', body, headers });

describe('refuses a body that is not JSON', () => {
  it.each([
    ['a sentence', 'please share it'],
    ['half an object', '{"endpoint":'],
    ['a form', 'endpoint=Iris-Classifier&child=222222222222'],
    ['two documents', '{}{}'],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x00)],
  ])('%s', async (_, body) => {
    const { detail } = await expectRefusal(sandbox, create(body), { status: 400, code: 'request.not_json' });
    expect(detail).toBe('The body could not be read as JSON.');
  });
});

const policyVariable = '$'.concat('{aws:username}');

/** One valid body, one field changed, and what must be named for it. */
const wrong: readonly [what: string, change: object, pointer: string | string[]][] = [
  ['an unknown field', { expires: '2027-01-01' }, '/expires'],
  ['an unknown field within a field', { endpoint: { name: 'puppet', arn: 'x' } }, '/endpoint/arn'],
  ['a field name that needs escaping', { 'a/b~c': 1 }, '/a~1b~0c'],
  ['a name that objects inherit', { constructor: 1 }, '/constructor'],
  ['no endpoint', { endpoint: undefined }, '/endpoint'],
  ['no endpoint name', { endpoint: {} }, '/endpoint/name'],
  ['an endpoint that is a string', { endpoint: 'Iris-Classifier' }, '/endpoint'],
  ['an endpoint name that is a number', { endpoint: { name: 7 } }, '/endpoint/name'],
  ['an endpoint name with a slash', { endpoint: { name: 'a/b' } }, '/endpoint/name'],
  ['an endpoint name of 64 characters', { endpoint: { name: 'a'.repeat(64) } }, '/endpoint/name'],
  ['a Region that cannot be', { endpoint: { name: 'puppet', region: 'mars' } }, '/endpoint/region'],
  ['no child', { child: undefined }, '/child'],
  ['an account id of 11 digits', { child: { accountId: '22222222222' } }, '/child/accountId'],
  ['an account id that is a number', { child: { accountId: 222222222222 } }, '/child/accountId'],
  ['no principals', { child: { ...valid.child, principals: [] } }, '/child/principals'],
  ['a principal that is no ARN', { child: { ...valid.child, principals: ['*'] } }, '/child/principals/0'],
  [
    'a principal of a service',
    { child: { ...valid.child, principals: ['lambda.amazonaws.com'] } },
    '/child/principals/0',
  ],
  ['an organization that cannot be', { child: { ...valid.child, orgId: 'o-1' } }, '/child/orgId'],
  ['an unknown mode', { modes: ['sync', 'batch'] }, '/modes/1'],
  ['no mode', { modes: [] }, '/modes'],
  ['a mode twice', { modes: ['sync', 'sync'] }, '/modes'],
  ['modes that are a string', { modes: 'sync' }, '/modes'],
  ['null', { modes: null }, '/modes'],
  ['an unknown target', { targets: { variants: ['blue'] } }, '/targets/variants'],
  ['no target model', { targets: { models: [] } }, '/targets/models'],
  ['a model with a policy variable', { targets: { models: [policyVariable] } }, '/targets/models/0'],
  ['eleven models', { targets: { models: Array.from('abcdefghijk') } }, '/targets/models'],
  [
    'a component that cannot be',
    { targets: { inferenceComponents: ['-'] } },
    '/targets/inferenceComponents/0',
  ],
  ['an address that is none', { conditions: { sourceIps: ['10.0.0.0/33'] } }, '/conditions/sourceIps/0'],
  ['a VPC endpoint that is none', { conditions: { sourceVpces: ['vpc-1'] } }, '/conditions/sourceVpces/0'],
  ['a limit of nothing', { limits: { concurrency: 0 } }, '/limits/concurrency'],
  ['half a call at once', { limits: { concurrency: 0.5 } }, '/limits/concurrency'],
  ['yes for true', { recordCaller: 'yes' }, '/recordCaller'],
  ['a date without a time', { expiresAt: '2027-01-01' }, '/expiresAt'],
  ['a time without a zone', { expiresAt: '2027-01-01T00:00:00' }, '/expiresAt'],
  ['the 30th of February', { expiresAt: '2027-02-30T00:00:00Z' }, '/expiresAt'],
  ['seconds since 1970', { expiresAt: 1_798_761_600 }, '/expiresAt'],
  ['a note of 1,001 characters', { note: 'x'.repeat(1_001) }, '/note'],
  ['several at once', { modes: [], note: 7, extra: true }, ['/modes', '/note', '/extra']],
];

describe('names the field that is wrong, and what is allowed', () => {
  it.each(wrong)('%s', async (_, change, pointer) => {
    await expectRefusal(sandbox, create({ ...valid, ...change }), {
      status: 400,
      code: 'request.invalid',
      pointer,
    });
  });

  it('an empty body', () =>
    expectRefusal(sandbox, create(undefined), {
      status: 400,
      code: 'request.invalid',
      pointer: ['/endpoint', '/child'],
    }));

  it.each([
    ['an array', []],
    ['a number', '7'],
    ['null', 'null'],
  ])('%s for an object', async (_, body) => {
    await expectRefusal(sandbox, create(body), { status: 400, code: 'request.invalid', pointer: '' });
  });

  it('says so in words: the pointer, and the modes there are', async () => {
    const { detail, errors } = await expectRefusal(sandbox, create({ ...valid, modes: ['batch'] }), {
      status: 400,
      code: 'request.invalid',
      pointer: '/modes/0',
    });
    expect(errors).toEqual([{ pointer: '/modes/0', message: 'must be one of: sync, stream, async' }]);
    expect(detail).toBe('/modes/0 must be one of: sync, stream, async');
  });

  it('does not answer at more length than it was asked', async () => {
    const extra = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`field${n}`, 1]));
    const { errors } = await expectRefusal(sandbox, create({ ...valid, ...extra }), {
      status: 400,
      code: 'request.invalid',
      pointer: Array.from({ length: 20 }, (_, n) => `/field${n}`),
    });
    expect(errors).toHaveLength(20);
  });
});

describe('names what is wrong outside the body', () => {
  it('a query parameter that does not exist', () =>
    expectRefusal(
      sandbox,
      { ...create(valid), path: '/grants?dryRun=true' },
      { status: 400, code: 'request.invalid', pointer: 'query/dryRun' },
    ));

  it.each([
    ['129 characters', 'k'.repeat(129)],
    ['a space', 'my key'],
    ['an umlaut', 'schl\u00fcssel'],
  ])('an Idempotency-Key with %s', async (_, key) => {
    await expectRefusal(sandbox, create(valid, { 'idempotency-key': key }), {
      status: 400,
      code: 'idempotency.key_invalid',
      pointer: 'header/idempotency-key',
    });
  });
});
