import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Offer } from '../../../lib/contract/offer.ts';
import { type AcceptanceOptions, acceptOffer, checkSubscription } from '../../../lib/relay/acceptance.ts';
import { createAcceptance } from '../../../lib/relay/child.ts';
import type { Dynamo } from '../../../lib/relay/dynamodb.ts';
import { publicSubscription } from '../../../lib/relay/subscription.ts';
import { anOffer, caller, grantId, type Lab, openLab, roleArn } from '../../support/relay-lab.ts';
import { giveSession, refuse, refuseSession } from '../../support/stub-aws.ts';

let lab: Lab;
let acceptance: AcceptanceOptions;
beforeEach(async () => {
  lab = await openLab();
  acceptance = createAcceptance(lab.surroundings);
  // What SageMaker says to who may, about a variant that does not exist.
  lab.aws.respond.sagemaker = (_received, response) => refuse(response, 'ValidationError', 400);
  lab.aws.respond['execute-api'] = (_received, response) => void response.end(JSON.stringify(offer()));
});
afterEach(() => lab.close());

const acting = () => ({ callerArn: caller, deadlineAt: lab.now() + 27_000 });
const offer = (change = {}) => anOffer(lab, change) as unknown as Offer;
const take = (change = {}, alias = 'iris') =>
  acceptOffer({ alias, offer: offer(change) }, acting(), acceptance);
const code = (code: string) => expect.objectContaining({ code });

describe('accepting an offer', () => {
  it('stores it once a probe has shown that it lets us in, without running the model', async () => {
    const record = await take({ modes: ['sync', 'stream', 'async'] });
    expect(record).toMatchObject({
      alias: 'iris',
      grantId,
      status: 'active',
      acceptedBy: caller,
      version: 1,
    });
    expect(await lab.stored('iris')).toEqual(record);
    const { sagemaker } = lab.aws.received;
    expect(sagemaker.map(({ path }) => path.split('/').at(-1))).toEqual([
      'invocations',
      'invocations-response-stream',
      'async-invocations',
    ]);
    expect(sagemaker[0]?.headers['x-amzn-sagemaker-target-variant']).toBe('sharemaker-probe-no-such-variant');
    expect(sagemaker[2]?.headers['x-amzn-sagemaker-inputlocation']).toBe('s3://SHAREMAKER_PROBE/absent');
  });

  it('is done when the reply to its own write was lost, but not when another was faster', async () => {
    const { table } = acceptance;
    const wroteTwice: Dynamo = async (operation, input) => {
      await table.dynamo(operation, input);
      return table.dynamo(operation, input);
    };
    acceptance = { ...acceptance, table: { ...table, dynamo: wroteTwice } };
    const record = await take();
    expect(await lab.stored('iris')).toEqual(record);
    const checked = await checkSubscription(record, acting(), acceptance);
    expect(await lab.stored('iris')).toEqual(checked);
    await expect(checkSubscription(record, acting(), acceptance)).rejects.toEqual(code('request.conflict'));
  });

  it('shows no external id', async () => {
    const shown = publicSubscription(await take(), lab.now());
    expect(JSON.stringify(shown)).not.toContain('external-id-one');
  });

  it('names a model within the first pattern where the grant is for certain models', async () => {
    await take({ modes: ['sync'], targets: { models: ['tenant-?/*', 'other'] } });
    expect(lab.aws.received.sagemaker[0]?.headers['x-amzn-sagemaker-target-model']).toBe('tenant-x/');
  });

  it('reads it from its URL, signed, and not from a redirect', async () => {
    lab.aws.respond['execute-api'] = (_received, response) => void response.end(JSON.stringify(offer()));
    const offerUrl = `${lab.aws.url}/dev/offers/${grantId}`;
    expect(await acceptOffer({ alias: 'iris', offerUrl }, acting(), acceptance)).toMatchObject({ grantId });
    expect(lab.aws.received['execute-api'][0]?.headers.authorization).toContain('/execute-api/aws4_request');
    lab.aws.respond['execute-api'] = (_received, response) =>
      void response.writeHead(302, { location: `${lab.aws.url}/elsewhere` }).end();
    await expect(acceptOffer({ alias: 'two', offerUrl }, acting(), acceptance)).rejects.toEqual(
      code('offer.unreachable'),
    );
    expect(lab.aws.received['execute-api']).toHaveLength(2);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://user:password@127.0.0.1:80/offers/x',
    'http://127.0.0.1.evil.example:80/',
    'https://evil.example/?http://127.0.0.1:80',
    'http://localhost:80/',
  ])('asks nothing of %s', async (offerUrl) => {
    await expect(acceptOffer({ alias: 'iris', offerUrl }, acting(), acceptance)).rejects.toEqual(
      code('offer.url_not_allowed'),
    );
    expect(lab.aws.received['execute-api']).toHaveLength(0);
  });

  it.each([
    ['not JSON', 'no', 'offer.invalid'],
    ['no offer', '{"externalId":"secret"}', 'offer.invalid'],
    ['more than 64 KB', JSON.stringify({ x: 'x'.repeat(70_000) }), 'offer.unreachable'],
  ])('refuses %s', async (_what, body, expected) => {
    lab.aws.respond['execute-api'] = (_received, response) => void response.end(body);
    const offerUrl = `${lab.aws.url}/offers/${grantId}`;
    const refused = await acceptOffer({ alias: 'iris', offerUrl }, acting(), acceptance).catch(
      (error) => error,
    );
    expect(refused).toMatchObject({ code: expected });
    expect(JSON.stringify(refused) + refused.message).not.toContain('secret');
  });

  it.each([
    ['for another account', { childAccountId: '333333333333' }, 'offer.not_yours'],
    ['that has expired', { expiresAt: '2020-01-01T00:00:00.000Z' }, 'offer.expired'],
    [
      'whose role is another child’s',
      { roleArn: roleArn.replace('222222222222', '333333333333') },
      'offer.invalid',
    ],
    ['whose role is another grant’s', { roleArn: `${roleArn.slice(0, -1)}2` }, 'offer.invalid'],
    ['that would be read again elsewhere', { offerUrl: 'http://10.0.0.1/offers/x' }, 'offer.url_not_allowed'],
  ])('refuses one %s, before any call', async (_what, change, expected) => {
    await expect(take(change)).rejects.toEqual(code(expected));
    expect(lab.aws.received.sts).toHaveLength(0);
  });

  it('leaves the alias of another grant alone', async () => {
    await lab.subscribe({ grantId: 'grt_other' });
    await expect(take()).rejects.toEqual(code('subscription.alias_taken'));
  });

  it('takes the same grant under the same alias again, with its newest terms', async () => {
    const first = await take();
    const again = await take({ externalId: 'external-id-two' });
    expect(again).toMatchObject({ externalId: 'external-id-two', version: 2, acceptedAt: first.acceptedAt });
    expect(await lab.stored('iris')).toEqual(again);
  });

  it('waits for IAM to be seen everywhere', async () => {
    lab.aws.respond.sts = (_received, response, count) =>
      count < 4 ? refuseSession(response) : giveSession(response, lab.now());
    expect(await take()).toMatchObject({ status: 'active' });
  });

  it('stores nothing when the share role goes on refusing', async () => {
    const before = lab.now();
    lab.aws.respond.sts = (_received, response) => refuseSession(response);
    await expect(take()).rejects.toEqual(code('offer.refused'));
    expect(await lab.stored('iris')).toBeUndefined();
    expect(lab.now() - before).toBeLessThan(16_000);
  });

  it('stores nothing when the role can be had but the endpoint is shut', async () => {
    lab.aws.respond.sagemaker = (_received, response) => refuse(response, 'AccessDeniedException', 403);
    await expect(take()).rejects.toEqual(code('offer.refused'));
    expect(await lab.stored('iris')).toBeUndefined();
  });

  it('tells a fault of AWS from a refusal', async () => {
    lab.aws.respond.sts = (_received, response) => refuseSession(response, 'InternalFailure', 500);
    await expect(take()).rejects.toEqual(code('upstream.failed'));
  });
});

describe('checking a subscription', () => {
  const check = async () => {
    const record = await lab.stored('iris');
    if (!record) throw new Error('not stored');
    return checkSubscription(record, acting(), acceptance);
  };

  it('stores that it is broken, and why, and that it works again', async () => {
    await take();
    lab.aws.respond.sts = (_received, response) => refuseSession(response);
    expect(await check()).toMatchObject({
      status: 'broken',
      detail: expect.stringContaining('AccessDenied'),
      version: 2,
    });
    lab.aws.respond.sts = (_received, response) => giveSession(response, lab.now());
    const mended = await check();
    expect(mended).toMatchObject({ status: 'active', version: 3 });
    expect(mended).not.toHaveProperty('detail');
    expect(await lab.stored('iris')).toEqual(mended);
  });

  it('takes over what the parent has changed', async () => {
    await take({ modes: ['sync'] });
    lab.aws.respond['execute-api'] = (_received, response) =>
      void response.end(JSON.stringify(offer({ modes: ['sync', 'stream'], externalId: 'external-id-two' })));
    expect(await check()).toMatchObject({
      modes: ['sync', 'stream'],
      externalId: 'external-id-two',
      status: 'active',
    });
  });

  it('does not follow an offer of another grant, or of another’s role', async () => {
    await take();
    for (const change of [
      { grantId: `${grantId.slice(0, -1)}2` },
      { roleArn: roleArn.replace('222222222222', '999999999999') },
    ]) {
      lab.aws.respond['execute-api'] = (_received, response) =>
        void response.end(JSON.stringify(offer({ ...change, externalId: 'evil-id' })));
      expect(await check()).toMatchObject({ roleArn, externalId: 'external-id-one' });
    }
  });

  it('does not call a subscription broken because AWS gave no verdict', async () => {
    await take();
    lab.aws.respond.sagemaker = (_received, response) => refuse(response, 'InternalFailure', 500);
    expect(await check()).toMatchObject({
      status: 'active',
      detail: expect.stringContaining('InternalFailure'),
    });
  });
});
