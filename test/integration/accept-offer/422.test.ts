import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant, offerUrlOf } from '../../support/share.ts';

let sandbox: TestSandbox;
let offer: Record<string, unknown>;
let offerUrl: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  const grant = await anActiveGrant(sandbox, 'Iris-Classifier');
  offerUrl = offerUrlOf(sandbox, grant);
  offer = (await sandbox.asChild.get<Record<string, unknown>>(offerUrl)).json;
});
afterAll(() => sandbox?.close());

const refused = async (body: object, code: string, status = 422) => {
  const answer = await sandbox.asChild.post('/subscriptions', body);
  expect([answer.status, answer.json['code']]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.text).not.toContain(offer['externalId']);
  expect((await sandbox.asChild.get('/subscriptions/wrong')).status).toBe(404);
};

/** The URL with another last character: grant ids are random, so that any fixed one is theirs now and then. */
const ofNoGrant = (url: string) => url.slice(0, -1) + (url.endsWith('0') ? '1' : '0');

it('refuses an offer made to another account', () =>
  refused({ alias: 'wrong', offer: { ...offer, childAccountId: '333333333333' } }, 'offer.not_yours'));

it('refuses an expired offer', () =>
  refused({ alias: 'wrong', offer: { ...offer, expiresAt: '2020-01-01T00:00:00Z' } }, 'offer.expired'));

it('refuses to ask addresses from which no offers come', () =>
  refused({ alias: 'wrong', offerUrl: 'http://169.254.169.254/latest/meta-data' }, 'offer.url_not_allowed'));

it('refuses an offer that cannot be read', () =>
  refused({ alias: 'wrong', offerUrl: ofNoGrant(offerUrl) }, 'offer.unreachable'));

it('refuses to ask for anything but offers, where offers come from', () =>
  refused({ alias: 'wrong', offerUrl: `${sandbox.describe.parent.apiUrl}/grants` }, 'offer.url_not_allowed'));

it('refuses an offer that its own address does not confirm', () =>
  refused(
    { alias: 'wrong', offer: { ...offer, endpoint: { name: 'puppet', region: 'us-east-1' } } },
    'offer.invalid',
  ));

it('refuses an offer whose external id is wrong, and stores nothing', () =>
  refused({ alias: 'wrong', offer: { ...offer, externalId: 'not-the-external-id' } }, 'offer.refused'));

it('refuses an alias that stands for another grant, with 409', async () => {
  await sandbox.asChild.post('/subscriptions', { alias: 'taken', offerUrl });
  const other = await anActiveGrant(sandbox, 'puppet');
  await refused({ alias: 'taken', offerUrl: offerUrlOf(sandbox, other) }, 'subscription.alias_taken', 409);
});

it('refuses a body with an unknown field or a wrong alias, with 400', async () => {
  await refused({ alias: 'wrong', offerUrl, more: 1 }, 'request.invalid', 400);
  await refused({ alias: 'Not An Alias', offerUrl }, 'request.invalid', 400);
});
