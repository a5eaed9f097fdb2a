/** Credentials for direct use lead where the accepted offer led, whoever answers at its address today. */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CredentialProcessOptions, credentialProcess } from '../../lib/client/credential-process.ts';
import { publicSubscription } from '../../lib/relay/subscription.ts';
import { anOffer, aSubscription, grantId, roleArn } from '../support/relay-lab.ts';
import { giveSession, type StubAws, startStubAws } from '../support/stub-aws.ts';

let aws: StubAws;
let cacheDirectory: string;
let options: CredentialProcessOptions;
beforeEach(async () => {
  aws = await startStubAws(Date.now);
  aws.respond.sts = (_received, response) => giveSession(response, Date.now());
  cacheDirectory = await mkdtemp(join(tmpdir(), 'sharemaker-direct-'));
  options = {
    source: { alias: 'iris', apiUrl: `${aws.url}/child` },
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    region: 'us-east-1',
    stsEndpoint: aws.url,
    cacheDirectory,
    wait: async () => undefined,
  };
});
afterEach(async () => {
  await aws.close();
  await rm(cacheDirectory, { recursive: true, force: true });
});

const offerUrl = () => `${aws.url}/parent/offers/${grantId}`;
const tell = (change: Record<string, unknown> = {}) => {
  aws.respond['execute-api'] = ({ path }, response) => {
    const said = path.startsWith('/child')
      ? publicSubscription(aSubscription({ offerUrl: offerUrl() }), Date.now())
      : anOffer({ aws }, change);
    response.end(JSON.stringify(said));
  };
};

it('are taken while the address answers the accepted offer', async () => {
  tell();
  expect((await credentialProcess(options)).AccessKeyId).toBe('ASIAONE');
});

it.each([
  ['a role of another account', { roleArn: roleArn.replace('111111111111', '666666666666') }],
  ['another grant', { grantId: `${grantId.slice(0, -1)}2`, roleArn: `${roleArn.slice(0, -1)}2` }],
  ['another endpoint', { endpoint: { name: 'Other', region: 'us-east-1' } }],
])('are not taken when it answers %s', async (_what, change) => {
  tell(change);
  await expect(credentialProcess(options)).rejects.toMatchObject({ code: 'offer.invalid' });
  expect(aws.received.sts).toHaveLength(0);
  expect(await readdir(cacheDirectory)).toEqual([]);
});

it('are not taken for another grant than the one in the address', async () => {
  tell({ grantId: `${grantId.slice(0, -1)}2`, roleArn: `${roleArn.slice(0, -1)}2` });
  await expect(credentialProcess({ ...options, source: { offerUrl: offerUrl() } })).rejects.toMatchObject({
    code: 'offer.invalid',
  });
  expect(aws.received.sts).toHaveLength(0);
});

it('are not taken with an offer whose role is another grant’s', async () => {
  const offer = anOffer({ aws }, { roleArn: `${roleArn.slice(0, -1)}2` });
  await expect(credentialProcess({ ...options, source: { offer } })).rejects.toMatchObject({
    code: 'offer.invalid',
  });
});
