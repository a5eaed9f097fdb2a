import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ChildClient,
  createChildClient,
  createParentClient,
  type ParentClient,
} from '../../../lib/client/client.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

describe('the client against both APIs', () => {
  let sandbox: TestSandbox;
  let parent: ParentClient;
  let child: ChildClient;

  beforeAll(async () => {
    sandbox = await startSandbox();
    const { region } = sandbox.describe;
    parent = createParentClient({ ...sandbox.describe.parent, region });
    child = createChildClient({ ...sandbox.describe.child, region });
  });
  afterAll(() => sandbox.close());

  it('leads from a grant to a prediction, and to the end of both', async () => {
    const grant = await parent.createGrant({
      endpoint: { name: 'Iris-Classifier' },
      child: { accountId: sandbox.describe.child.accountId },
    });
    expect(grant).toMatchObject({ status: 'active', modes: ['sync'], etag: expect.any(String) });

    const { offerUrl } = await parent.getOffer({ grantId: grant.id });
    const subscription = await child.acceptOffer({ alias: 'iris', offerUrl });
    expect(subscription).toMatchObject({ alias: 'iris', status: 'active', offerUrl });

    const { body, contentType } = await child.invoke('iris', {
      contentType: 'text/csv',
      accept: 'text/csv',
      body: '5.1,3.5,1.4,0.2',
    });
    expect(new TextDecoder().decode(body).trim()).toBe('setosa');
    expect(contentType).toMatch(/^text\/csv/);

    const noted = await parent.updateGrant({ grantId: grant.id, ifMatch: grant.etag, note: 'for marketing' });
    await expect(
      parent.updateGrant({ grantId: grant.id, ifMatch: grant.etag, note: 'too late' }),
    ).rejects.toMatchObject({ code: 'request.precondition_failed', status: 412 });
    expect(noted.note).toBe('for marketing');

    const revoked = await parent.revokeGrant({ grantId: grant.id });
    expect(revoked).toMatchObject({ status: 'revoked', receipt: { provenAt: expect.any(String) } });
    await child.removeSubscription({ alias: 'iris' });
    await expect(child.getSubscription({ alias: 'iris' })).rejects.toMatchObject({
      code: 'subscription.not_found',
      requestId: expect.any(String),
    });
  });

  it('walks all pages of a list', async () => {
    const share = { child: { accountId: sandbox.describe.child.accountId } };
    for (const note of ['first', 'second', 'third'])
      await parent.createGrant({ ...share, endpoint: { name: 'puppet' }, note });
    const notes: unknown[] = [];
    for await (const { note } of parent.listGrants.all({ endpointName: 'puppet', limit: 1 }))
      notes.push(note);
    expect(notes).toEqual(['third', 'second', 'first']);
  });

  it('names every wrong field', async () => {
    const wrong = { endpoint: { name: '-' }, child: { accountId: '12' } };
    await expect(parent.createGrant(wrong)).rejects.toMatchObject({
      code: 'request.invalid',
      status: 400,
      errors: [
        { pointer: '/endpoint/name', message: expect.any(String) },
        { pointer: '/child/accountId', message: expect.any(String) },
      ],
    });
  });

  it('is refused by API Gateway with keys that are nobody’s', async () => {
    const stranger = createParentClient({
      ...sandbox.describe.parent,
      region: sandbox.describe.region,
      credentials: { accessKeyId: 'AKIANOBODY0000000000', secretAccessKey: 'nothing' },
    });
    await expect(stranger.listGrants()).rejects.toMatchObject({ code: 'gateway.refused', status: 403 });
  });

  it('finds its own work when the reply to a create is lost', async () => {
    let sent = 0;
    const losing = createParentClient({
      ...sandbox.describe.parent,
      region: sandbox.describe.region,
      wait: async () => undefined,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        sent += 1;
        if (sent === 1) throw new TypeError('The reply was lost.');
        return response;
      },
    });
    const grant = await losing.createGrant({
      endpoint: { name: 'storyteller' },
      child: { accountId: sandbox.describe.child.accountId },
    });
    const { items } = await parent.listGrants({ endpointName: 'storyteller' });
    expect(sent).toBe(2);
    expect(items.map(({ id }) => id)).toEqual([grant.id]);
  });
});
