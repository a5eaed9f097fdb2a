import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { access, invoke, sessionOf } from '../../support/access.ts';
import { ask, patch, read } from '../../support/ask.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

const inDays = (days: number) => new Date(sandbox.now() + days * 86_400_000).toISOString();

it('extends a grant: it works beyond its first date, and its sessions never stop', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet', { expiresAt: inDays(1) });
  const { status, json, headers } = await patch(sandbox, grant, { expiresAt: inDays(30) });
  expect([status, json.status, json.pending]).toEqual([200, 'active', undefined]);
  expect(headers.get('etag')).toBe(`"${json.version}"`);
  expect(json.history.map(({ event }) => event)).toEqual([
    'grant.created',
    'grant.activated',
    'grant.update_asked',
    'grant.updated',
  ]);
  sandbox.advanceClock(2 * 86_400);
  expect(await access(sandbox, grant)).toBe('allowed');
});

it('shortens a grant: IAM ends it at the new date, with no schedule running', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const { json } = await patch(sandbox, grant, {
    expiresAt: new Date(sandbox.now() + 600_000).toISOString(),
  });
  expect(json.status).toBe('active');
  const session = await sessionOf(sandbox, grant);
  expect(await invoke(sandbox, grant, session!)).toBe('allowed');
  sandbox.advanceClock(601);
  expect(await invoke(sandbox, grant, session!)).toBe('denied');
  expect(await access(sandbox, grant)).toBe('denied');
});

describe('changes what the grant admits', () => {
  it('a mode that is taken away is refused by SageMaker, to sessions taken before as well; the others go on', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet', { modes: ['sync', 'stream'] });
    const session = await sessionOf(sandbox, grant);
    expect(await invoke(sandbox, grant, session!, 'stream')).toBe('allowed');
    const { json } = await patch(sandbox, grant, { modes: ['sync'] });
    expect([json.status, json.modes]).toEqual(['active', ['sync']]);
    expect(json.probes.map(({ probe, observed }) => `${probe}: ${observed}`)).toContain(
      'invoke stream, taken away: denied',
    );
    expect(await invoke(sandbox, grant, session!, 'stream')).toBe('denied');
    expect(await invoke(sandbox, grant, session!, 'sync')).toBe('allowed');
  });

  it('a mode that is added works when the answer comes', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet');
    await patch(sandbox, grant, { modes: ['sync', 'stream'] });
    expect(await access(sandbox, grant, { mode: 'stream' })).toBe('allowed');
  });

  it('targets and conditions are put, exchanged and, by null, removed', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet');
    const sourceIps = ['203.0.113.0/24'];
    const put = await patch(sandbox, grant, { conditions: { sourceIps }, targets: { models: ['a/*'] } });
    expect(put.json).toMatchObject({
      status: 'active',
      conditions: { sourceIps },
      targets: { models: ['a/*'] },
    });
    expect(put.json.warnings.map(({ code }) => code)).toEqual(['conditions.relay_address']);
    expect(await access(sandbox, grant)).toBe('denied');
    const removed = await patch(sandbox, grant, { conditions: null, targets: null });
    expect([removed.json.conditions, removed.json.targets, removed.json.warnings]).toEqual([
      undefined,
      undefined,
      [],
    ]);
    expect(await access(sandbox, grant)).toBe('allowed');
  });

  it('a note costs no call to IAM', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet', { note: 'old' });
    const callsBefore = sandbox.calls.length;
    expect((await patch(sandbox, grant, { note: 'new' })).json).toMatchObject({
      note: 'new',
      status: 'active',
    });
    expect((await patch(sandbox, grant, { note: null })).json.note).toBeUndefined();
    const services = sandbox.calls.slice(callsBefore).map(({ service }) => service);
    expect(services).not.toContain('iam');
  });

  it('several fields in one step, and leaves the others as they were', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet', { note: 'kept', recordCaller: true });
    const { json } = await patch(sandbox, grant, { expiresAt: inDays(7), modes: ['stream'] });
    expect(json).toMatchObject({ note: 'kept', recordCaller: true, modes: ['stream'], status: 'active' });
    expect(json.warnings.map(({ code }) => code)).toEqual(['stream.implies_sync']);
  });
});

it('changes a suspended grant without opening it; resumed, it is as changed', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet', { modes: ['sync', 'stream'] });
  await ask(sandbox, grant, 'suspend');
  const { status, json } = await patch(sandbox, grant, { modes: ['sync'] });
  expect([status, json.status, json.modes]).toEqual([200, 'suspended', ['sync']]);
  expect(await access(sandbox, grant)).toBe('denied');
  await ask(sandbox, grant, 'resume');
  expect(await access(sandbox, grant)).toBe('allowed');
  expect(await access(sandbox, grant, { mode: 'stream' })).toBe('denied');
});

it('leaves one policy in the role, the new one', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const { json } = await patch(sandbox, grant, { expiresAt: inDays(3) });
  const iam = new IAMClient(sandbox.asParent.sdk);
  const RoleName = `sharemaker-${grant.id}`;
  const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  expect(PolicyNames).toHaveLength(1);
  const [PolicyName] = PolicyNames!;
  const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
  expect(decodeURIComponent(PolicyDocument!)).toContain(json.expiresAt);
});

it('goes on with the ETag as it is, with any, and with a list that has it', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  for (const ifMatch of [(etag: string) => etag, () => '*', (etag: string) => `"0", ${etag}`]) {
    const { version } = await read(sandbox, grant);
    const { status, json } = await patch(sandbox, grant, { note: 'x' }, ifMatch(`"${version}"`));
    expect([status, json.version]).toEqual([200, version + 1]);
  }
});
