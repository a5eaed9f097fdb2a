import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Grant, grantSchema } from '../../../lib/contract/grant.ts';
import { access } from '../../support/access.ts';
import { aUser, signedBy } from '../../support/only-the-parent.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { askWhileIamIsSlow, letTheScheduleFinish } from '../../support/slow-iam.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

const accountId = '222222222222';
const puppet = { endpoint: { name: 'puppet' }, child: { accountId } };
const create = (body: object, headers = {}) => sandbox.asParent.post<Grant>('/grants', body, { headers });

describe('creates a grant that works when the answer comes', () => {
  it('with nothing said but who and what: mode sync, 90 days, proven by probes', async () => {
    const { status, json: grant, headers } = await create(puppet);
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`${sandbox.describe.parent.apiUrl}/grants/${grant.id}`);
    expect(headers.get('etag')).toBe(`"${grant.version}"`);
    expect(headers.get('content-type')).toBe('application/json');
    expect(grantSchema.strict().parse(grant)).toEqual(grant);
    expect(grant).toMatchObject({
      endpoint: {
        name: 'puppet',
        region: 'us-east-1',
        arn: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/puppet',
      },
      child: { accountId },
      modes: ['sync'],
      status: 'active',
      role: {
        arn: `arn:aws:iam::111111111111:role/sharemaker/${accountId}/sharemaker-${grant.id}`,
        id: expect.stringMatching(/^AROA/),
      },
      warnings: [],
      createdBy: 'arn:aws:iam::111111111111:user/admin',
    });
    expect(Date.parse(grant.expiresAt) - Date.parse(grant.createdAt)).toBe(90 * 86_400_000);
    expect(grant.pending).toBeUndefined();
    expect(grant.history.map(({ event }) => event)).toEqual(['grant.created', 'grant.activated']);
    expect(grant.probes.map(({ probe, observed }) => [probe, observed])).toEqual([
      ['assume with the external id', 'allowed'],
      ['assume with another external id', 'denied'],
      ['invoke sync', 'allowed'],
    ]);
    expect(await access(sandbox, grant)).toBe('allowed');
    expect(await access(sandbox, grant, { by: sandbox.asOutsider })).toBe('denied');
    expect(await access(sandbox, grant, { externalId: '111111111111' })).toBe('denied');
    expect(await access(sandbox, grant, { mode: 'stream' })).toBe('denied');
  });

  it('under a role with boundary, tags, one hour of session and one policy', async () => {
    const { json: grant } = await create({ ...puppet, note: 'for marketing' });
    const iam = new IAMClient(sandbox.asParent.sdk);
    const RoleName = `sharemaker-${grant.id}`;
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    expect(Role).toMatchObject({
      Arn: grant.role.arn,
      RoleId: grant.role.id,
      MaxSessionDuration: 3600,
      PermissionsBoundary: {
        PermissionsBoundaryArn: 'arn:aws:iam::111111111111:policy/sharemaker-system/sharemaker-boundary-dev',
      },
    });
    expect(Object.fromEntries(Role!.Tags!.map(({ Key, Value }) => [Key, Value]))).toEqual({
      'sharemaker:grant': grant.id,
      'sharemaker:child': accountId,
      'sharemaker:endpoint': 'puppet',
      'sharemaker:deployment': 'sharemaker-boundary-dev',
    });
    const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    expect(PolicyNames).toEqual(['invoke']);
    const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'invoke' }));
    expect(JSON.parse(decodeURIComponent(PolicyDocument!)).Statement).toEqual([
      {
        Sid: 'Invoke',
        Effect: 'Allow',
        Action: 'sagemaker:InvokeEndpoint',
        Resource: grant.endpoint.arn,
        Condition: { DateLessThan: { 'aws:CurrentTime': grant.expiresAt } },
      },
    ]);
  });

  it('with everything said', async () => {
    const body = {
      endpoint: { name: 'puppet-async', region: 'us-east-1' },
      child: {
        accountId,
        principals: [`arn:aws:iam::${accountId}:role/scoring-*`],
        orgId: 'o-a1b2c3d4e5',
      },
      modes: ['stream', 'async'],
      conditions: { sourceIps: ['10.0.0.0/8', '2001:db8::/32'], sourceVpces: ['vpce-0a1b2c3d'] },
      limits: { concurrency: 5 },
      recordCaller: true,
      expiresAt: '2999-01-01T00:00:00+01:00',
      note: 'Grüße 🌷',
    };
    const soon = new Date(sandbox.now() + 86_400_000).toISOString().slice(0, 19);
    const { status, json: grant } = await create({ ...body, expiresAt: `${soon}+01:00` });
    expect([status, grant.status]).toEqual([201, 'active']);
    expect(grant).toMatchObject({ ...body, expiresAt: new Date(`${soon}+01:00`).toISOString() });
    expect(grant.warnings.map(({ code }) => code)).toEqual([
      'stream.implies_sync',
      'async.input_unrestricted',
      'conditions.relay_address',
      'conditions.not_for_objects',
    ]);
  });

  it('up to 365 days', async () => {
    const expiresAt = new Date(sandbox.now() + 365 * 86_400_000 - 60_000).toISOString();
    expect((await create({ ...puppet, expiresAt })).json).toMatchObject({ status: 'active', expiresAt });
  });

  it('for an endpoint that is not in service yet, with a warning', async () => {
    const place = { accountId: '111111111111', name: 'on-its-way' };
    sandbox.sageMaker.addEndpoint(place);
    sandbox.sageMaker.setStatus(place, 'Updating');
    const { json: grant } = await create({ ...puppet, endpoint: { name: place.name } });
    expect(grant.warnings).toEqual([
      { code: 'endpoint.not_in_service', detail: expect.stringContaining('Updating') },
    ]);
  });
});

describe('makes one grant and one role of one Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'order-4711' };
  const rolesCreated = (since: number) =>
    sandbox.calls
      .slice(since)
      .filter(({ operation, status }) => operation === 'CreateRole' && status === 200);

  it('however often and at once it is asked', async () => {
    const callsBefore = sandbox.calls.length;
    const answers = await Promise.all(Array.from({ length: 4 }, () => create(puppet, headers)));
    answers.push(await create(puppet, headers));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(answers.at(-1)?.json).toMatchObject({ status: 'active' });
    expect(rolesCreated(callsBefore)).toHaveLength(1);
  });

  it('when the same is said in other words', async () => {
    const expiresAt = `${new Date(sandbox.now() + 86_400_000).toISOString().slice(0, 19)}Z`;
    const key = { 'idempotency-key': 'order-4712' };
    const first = await create({ ...puppet, expiresAt }, key);
    const reordered = { expiresAt: expiresAt.replace('Z', '+00:00'), modes: ['sync'], ...puppet };
    expect((await create(reordered, key)).json.id).toBe(first.json.id);
  });

  it('but two when two callers happen to choose the same key', async () => {
    const mayCreate = {
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: '*' },
    };
    const bob = signedBy(await aUser(sandbox, 'bob', mayCreate), sandbox.asParent);
    const [ours, theirs] = [
      await create(puppet, headers),
      await bob.send<Grant>('POST', '/grants', { headers, body: JSON.stringify(puppet) }),
    ];
    expect(theirs.json.id).not.toBe(ours.json.id);
    expect(theirs.json.createdBy).toBe('arn:aws:iam::111111111111:user/bob');
  });
});

it('answers a grant that is still being provisioned when IAM takes too long, and the schedule finishes it', async () => {
  const asked = await askWhileIamIsSlow(sandbox, { method: 'POST', path: '/grants', body: puppet });
  const { id } = asked.json as unknown as Grant;
  expect([asked.status, asked.json]).toMatchObject([
    201,
    { status: 'provisioning', pending: { operation: 'create' } },
  ]);
  await letTheScheduleFinish(sandbox);
  const { json: grant } = await sandbox.asParent.get<Grant>(`/grants/${id}`);
  expect(grant.status).toBe('active');
  expect(await access(sandbox, grant)).toBe('allowed');
});
