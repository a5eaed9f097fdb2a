import { describe, expect, it } from 'vitest';
import { createChildClient, createParentClient } from '../../../lib/client/client.ts';
import { operations } from '../../../lib/contract/operations.ts';
import { aGrant, fakeApi, grantId, json } from './fake-api.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const tagged = (body: object = aGrant) => json(200, body, { etag: '"3"' });

describe('the methods', () => {
  const { options } = fakeApi(tagged());
  const clients = { parent: createParentClient(options), child: createChildClient(options) };
  const camel = (name: string) => name.replace(/-(.)/g, (_hyphen, letter) => letter.toUpperCase());

  it.each(Object.entries(operations))('has %s in its own client only', (name, { api }) => {
    const other = api === 'parent' ? 'child' : 'parent';
    expect(clients[api]).toHaveProperty(camel(name), expect.any(Function));
    expect(clients[other]).not.toHaveProperty(camel(name));
  });
});

describe('a request', () => {
  it('puts parts of the path, headers and body where the table says', async () => {
    const { options, requests } = fakeApi(tagged());
    await createParentClient(options).updateGrant({ grantId, ifMatch: '"3"', note: 'new', targets: null });
    expect(requests).toEqual([
      {
        method: 'PATCH',
        url: `${options.apiUrl}/grants/${grantId}`,
        headers: expect.objectContaining({ 'if-match': '"3"', 'content-type': 'application/json' }),
        body: '{"note":"new","targets":null}',
      },
    ]);
  });

  it('puts a query where the table says, and leaves out what is undefined', async () => {
    const { options, requests } = fakeApi(json(200, { items: [] }));
    await createParentClient(options).listGrants({ status: 'active', endpointName: undefined, limit: 5 });
    expect(requests[0]?.url).toBe(`${options.apiUrl}/grants?status=active&limit=5`);
    expect(requests[0]?.body).toBeUndefined();
  });

  it('is signed for execute-api with the whole address, at the time it was given', async () => {
    const { options, requests } = fakeApi(tagged());
    await createParentClient(options).getGrant({ grantId });
    const { headers } = requests[0] ?? { headers: {} as Record<string, string> };
    expect(headers['x-amz-date']).toBe('20261124T120000Z');
    expect(headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261124\/us-east-1\/execute-api\/aws4_request, SignedHeaders=accept;host;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
  });

  it('asks a credential provider for every attempt, and sends the session token', async () => {
    let asked = 0;
    const { options, requests } = fakeApi(json(503, {}), tagged());
    const credentials = async () => ({
      accessKeyId: 'ASIA',
      secretAccessKey: 'x',
      sessionToken: `token-${++asked}`,
    });
    await createParentClient({ ...options, credentials }).getGrant({ grantId });
    expect(requests.map(({ headers }) => headers['x-amz-security-token'])).toEqual(['token-1', 'token-2']);
  });

  it.each(['..', '../offers/x', 'grt_', '', 'GRT_01JD0000000000000000000001'])(
    'never lets the id %j form a path',
    async (wrong) => {
      const { options, requests } = fakeApi(tagged());
      const call = createParentClient(options).revokeGrant({ grantId: wrong });
      await expect(call).rejects.toMatchObject({ code: 'client.input_invalid', status: 0 });
      expect(requests).toEqual([]);
    },
  );

  it('sends a field that is named like a member of every object as body, not as path', async () => {
    const { options, requests } = fakeApi(json(422, {}));
    const fields = { endpoint: { name: 'a' }, child: { accountId: '222222222222' }, toString: 1 };
    await createParentClient(options)
      .createGrant(fields as never)
      .catch(() => undefined);
    expect(JSON.parse(String(requests[0]?.body))).toEqual(fields);
  });
});

describe('an answer', () => {
  it('carries its ETag, ready for the next If-Match', async () => {
    const { options } = fakeApi(tagged());
    const grant = await createParentClient(options).getGrant({ grantId });
    expect(grant).toEqual({ ...aGrant, etag: '"3"' });
  });

  it('is undefined where the operation answers nothing', async () => {
    const { options, requests } = fakeApi(new Response(null, { status: 204 }));
    await expect(createChildClient(options).removeSubscription({ alias: 'iris' })).resolves.toBeUndefined();
    expect(requests[0]).toMatchObject({ method: 'DELETE', body: undefined });
  });

  it('may have fields that a newer API added', async () => {
    const { options } = fakeApi(tagged({ ...aGrant, colour: 'green' }));
    await expect(createParentClient(options).getGrant({ grantId })).resolves.toMatchObject({ id: grantId });
  });

  it.each([
    ['of another shape', tagged({ items: [] })],
    ['without its ETag', json(200, aGrant)],
    ['that is no JSON', new Response('<html>', { status: 200, headers: { etag: '"3"' } })],
    ['with a status the operation does not answer with', json(206, aGrant, { etag: '"3"' })],
  ])('%s is refused', async (_what, reply) => {
    const { options } = fakeApi(reply);
    const call = createParentClient(options).getGrant({ grantId });
    await expect(call).rejects.toMatchObject({ code: 'client.answer_unreadable' });
  });

  it('is given up when it is larger than API Gateway can answer, without reading all of it', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const { options } = fakeApi(() => new Response(endless, { status: 200 }));
    const call = createParentClient(options).listGrants();
    await expect(call).rejects.toMatchObject({ code: 'client.answer_too_large' });
    expect(sent).toBeLessThan(15);
  });
});

describe('a list', () => {
  const page = (ids: number[], nextCursor?: string) =>
    json(200, { items: ids.map((version) => ({ ...aGrant, version })), ...(nextCursor && { nextCursor }) });

  it('is walked page by page, under the same query, as far as the caller goes', async () => {
    const { options, requests } = fakeApi(page([1, 2], 'c1'), page([], 'c2'), page([3]));
    const versions: number[] = [];
    for await (const { version } of createParentClient(options).listGrants.all({ status: 'active' }))
      versions.push(version);
    expect(versions).toEqual([1, 2, 3]);
    expect(requests.map(({ url }) => new URL(url).search)).toEqual([
      '?status=active',
      '?status=active&cursor=c1',
      '?status=active&cursor=c2',
    ]);
  });

  it('asks for no page that nobody wants', async () => {
    const { options, requests } = fakeApi(page([1, 2], 'c1'));
    for await (const _grant of createParentClient(options).listGrants.all()) break;
    expect(requests).toHaveLength(1);
  });

  it('ends with an error when an API would send it in a circle', async () => {
    const { options } = fakeApi(page([1], 'c1'));
    const walk = collect(createParentClient(options).listGrants.all());
    await expect(walk).rejects.toMatchObject({ code: 'client.answer_unreadable' });
  });

  it('is of findings where the operation answers an audit', async () => {
    const finding = { code: 'role.missing', severity: 'high', subject: 's', evidence: [], remedy: 'r' };
    const counts = {
      rolesRead: 1,
      grantsCompared: 1,
      iamCalls: 1,
      findings: 2,
      high: 2,
      repaired: 0,
      seconds: 1,
    };
    const audit = {
      id: `aud_${grantId.slice(4)}`,
      status: 'finished',
      mode: 'report',
      startedAt: 'x',
      startedBy: 'y',
      counts,
    };
    const { options } = fakeApi(
      json(200, { ...audit, findings: [finding], nextCursor: 'c1' }),
      json(200, { ...audit, findings: [{ ...finding, code: 'policy.extra' }] }),
    );
    const findings = await collect(createParentClient(options).getAudit.all({ auditId: audit.id }));
    expect(findings.map(({ code }) => code)).toEqual(['role.missing', 'policy.extra']);
  });
});

describe('the address', () => {
  const { options } = fakeApi(tagged());
  it.each([
    'http://example.com/dev',
    'ftp://example.com',
    'https://user:pass@example.com',
    'https://example.com/dev?stage=1',
    'nonsense',
    '',
  ])('refuses %j', (apiUrl) => {
    expect(() => createParentClient({ ...options, apiUrl })).toThrow(TypeError);
  });

  it.each(['http://127.0.0.1:4599/x/dev', 'http://localhost:1', 'https://example.com/dev/'])(
    'takes %j',
    async (apiUrl) => {
      const { options: around, requests } = fakeApi(tagged());
      await createParentClient({ ...around, apiUrl }).getGrant({ grantId });
      expect(requests[0]?.url).toBe(`${apiUrl.replace(/\/$/, '')}/grants/${grantId}`);
    },
  );
});
