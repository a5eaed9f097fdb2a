/** A parent, or somebody who speaks for one, that would lead a child elsewhere: to other addresses, roles or endpoints. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Offer } from '../../lib/contract/offer.ts';
import { type AcceptanceOptions, acceptOffer, checkSubscription } from '../../lib/relay/acceptance.ts';
import { createAcceptance } from '../../lib/relay/child.ts';
import { mayBeOffered } from '../../lib/relay/offer-source.ts';
import { anOffer, caller, grantId, type Lab, openLab, roleArn } from '../support/relay-lab.ts';
import { refuse } from '../support/stub-aws.ts';

let lab: Lab;
let acceptance: AcceptanceOptions;
beforeEach(async () => {
  lab = await openLab();
  acceptance = createAcceptance(lab.surroundings);
  lab.aws.respond.sagemaker = (_received, response) => refuse(response, 'ValidationError', 400);
});
afterEach(() => lab.close());

const offer = (change = {}) => anOffer(lab, change) as unknown as Offer;
const acting = () => ({ callerArn: caller, deadlineAt: lab.now() + 27_000 });
const accept = (offer: Offer, alias = 'iris') => acceptOffer({ alias, offer }, acting(), acceptance);
const tell = (said: object | undefined, status = 200) => {
  lab.aws.respond['execute-api'] = (_received, response) =>
    void response.writeHead(status).end(JSON.stringify(said ?? {}));
};
const attackersRole = roleArn.replace('111111111111', '666666666666');
const code = (code: string) => expect.objectContaining({ code });

describe('the addresses that are asked', () => {
  const isAsked = mayBeOffered('https://*.execute-api.*.amazonaws.com');
  const host = 'https://abcdefghij.execute-api.us-east-1.amazonaws.com';
  const path = `/dev/offers/${grantId}`;

  it('are those of a get-offer', () => {
    expect(isAsked(new URL(host + path))).toBe(true);
    expect(isAsked(new URL(`https://abcdefghij-vpce-0a1b.execute-api.us-east-1.amazonaws.com${path}`))).toBe(
      true,
    );
  });

  it.each([
    [
      'another host behind the name',
      `https://abcdefghij.execute-api.us-east-1.amazonaws.com.evil.example${path}`,
    ],
    ['a name that ends alike', `https://evil-amazonaws.com${path}`],
    ['more labels than stand in the pattern', `https://a.b.execute-api.us-east-1.amazonaws.com${path}`],
    [
      'a label of another alphabet',
      `https://abcdefghij.execute-api.us-east-1.amazonaws。com.evil.example${path}`,
    ],
    ['a user name', `https://abcdefghij.execute-api.us-east-1.amazonaws.com@evil.example${path}`],
    ['a password', `https://x:y@abcdefghij.execute-api.us-east-1.amazonaws.com${path}`],
    ['another port', `https://abcdefghij.execute-api.us-east-1.amazonaws.com:8443${path}`],
    ['plain HTTP', `http://abcdefghij.execute-api.us-east-1.amazonaws.com${path}`],
    ['an IPv6 address', `https://[fd00:ec2::254]${path}`],
    ['an address in disguise', `https://2852039166${path}`],
    ['another path of the same host', `${host}/dev/invoices/pay`],
    ['a path that leads back', `${host}/dev/offers/../admin/${grantId}`],
    ['a path that goes on', `${host}${path}/approve`],
    ['a query', `${host}${path}?action=approve`],
    ['a query with nothing in it but its name', `${host}/dev/approve?/offers/${grantId}`],
    ['a fragment', `${host}/dev/approve#/offers/${grantId}`],
    ['no grant', `${host}/dev/offers/`],
  ])('have not %s', (_what, url) => {
    expect(isAsked(new URL(url))).toBe(false);
  });

  it('are asked nothing else by whoever may accept offers', async () => {
    for (const path of ['/dev/admin', '/dev/offers/approve', `/dev/offers/${grantId}?x=1`]) {
      const offerUrl = lab.aws.url + path;
      await expect(acceptOffer({ alias: 'iris', offerUrl }, acting(), acceptance)).rejects.toEqual(
        code('offer.url_not_allowed'),
      );
    }
    expect(lab.aws.received['execute-api']).toHaveLength(0);
  });

  it('are not another grant’s', async () => {
    tell(offer());
    const offerUrl = `${lab.aws.url}/offers/${grantId.slice(0, -1)}2`;
    await expect(accept(offer({ offerUrl }))).rejects.toEqual(code('offer.invalid'));
    expect(lab.aws.received['execute-api']).toHaveLength(0);
  });
});

describe('an offer at hand', () => {
  it.each([
    ['names the role of an account that the parent does not speak for', { roleArn: attackersRole }],
    ['names another endpoint', { endpoint: { name: 'Other', region: 'us-east-1' } }],
    ['names another Region', { endpoint: { name: 'Iris-Classifier', region: 'eu-west-1' } }],
  ])('is refused where it %s', async (_what, change) => {
    tell(offer());
    await expect(accept(offer(change))).rejects.toEqual(code('offer.invalid'));
    expect(lab.aws.received.sts).toHaveLength(0);
    expect(await lab.stored('iris')).toBeUndefined();
  });

  it.each([403, 404, 409, 500])('is refused where its address answers %i', async (status) => {
    tell({}, status);
    await expect(accept(offer())).rejects.toEqual(code('offer.unreachable'));
    expect(lab.aws.received.sts).toHaveLength(0);
  });

  it('is for the probe to judge where nothing answers at its address', async () => {
    lab.aws.respond['execute-api'] = (_received, response) => void response.destroy();
    expect(await accept(offer())).toMatchObject({ roleArn, status: 'active' });
  });
});

describe('an alias', () => {
  const check = async () => {
    const record = await lab.stored('iris');
    if (!record) throw new Error('not stored');
    return checkSubscription(record, acting(), acceptance);
  };

  it('stays with the role and the endpoint that were accepted, whatever its offer says later', async () => {
    tell(offer());
    await accept(offer());
    for (const change of [
      { roleArn: attackersRole },
      { endpoint: { name: 'Attacker', region: 'us-east-1' } },
      { endpoint: { name: 'Iris-Classifier', region: 'eu-west-1' } },
      { childAccountId: '333333333333' },
    ]) {
      tell(offer({ ...change, externalId: 'evil-id' }));
      expect(await check()).toMatchObject({
        roleArn,
        externalId: 'external-id-one',
        endpoint: { name: 'Iris-Classifier', region: 'us-east-1' },
      });
    }
  });

  it('goes on asking where the accepted offer was', async () => {
    tell(offer());
    const { offerUrl } = await accept(offer());
    tell(offer({ offerUrl: `https://evil.example/offers/${grantId}`, externalId: 'external-id-two' }));
    expect(await check()).toMatchObject({ offerUrl, externalId: 'external-id-two' });
  });

  it('is not taken over by a grant of the same id in another account', async () => {
    await lab.subscribe();
    tell(offer({ roleArn: attackersRole }));
    await expect(accept(offer({ roleArn: attackersRole }))).rejects.toEqual(code('subscription.alias_taken'));
    expect(await lab.stored('iris')).toMatchObject({ roleArn });
  });
});
