/**
 * The life of a grant with everything going wrong in it that can, and then a search of all that was logged, refused and
 * announced on the way: no external id, key, session token or payload may stand there.
 */

import { GetRoleCommand, IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startSandbox, type TestSandbox } from '../support/sandbox.ts';
import type { Answer, Call } from '../support/signed-fetch.ts';

const payload = 'MARKED-PAYLOAD';
const attributes = 'MARKED-ATTRIBUTES';
const handmadeExternalId = 'MARKED-HANDMADE-EXTERNAL-ID';
const answers: Answer[] = [];
const childAnswers: Answer[] = [];

let sandbox: TestSandbox;
let grantId: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  sandbox.secrecy.keep('payload', payload);
  sandbox.secrecy.keep('custom attributes', attributes);
  sandbox.secrecy.keep('external id', handmadeExternalId);
  grantId = await liveThrough();
}, 120_000);
afterAll(() => sandbox.close());

it('the search finds a secret in clear, in base64 and percent-encoded', () => {
  const spelt = [
    payload,
    Buffer.from(`<${payload}>`).toString('base64'),
    Buffer.from(`{"${payload}"}`).toString('base64'),
    encodeURIComponent(sandbox.describe.child.credentials.secretAccessKey),
  ];
  expect(spelt.map((text) => leaks([text]).length)).toEqual([1, 1, 1, 1]);
  expect(leaks(['nothing to see'])).toEqual([]);
});

it('logs speak of the grant, in all the functions it went through', () => {
  const speakers = new Set(sandbox.logs.map(({ function: name }) => name));
  expect([...speakers].sort()).toEqual(
    expect.arrayContaining([
      'accept-offer',
      'audit-grants',
      'create-grant',
      'get-offer',
      'invoke',
      'revoke-grant',
      'rotate-grant',
    ]),
  );
  expect(sandbox.logs.filter(({ line }) => line.includes(grantId)).length).toBeGreaterThan(5);
});

it('no secret is logged', () => {
  expect(leaks(sandbox.logs.map(({ function: name, line }) => `${name}: ${line}`))).toEqual([]);
});

it('no secret stands in a refusal', () => {
  const refusals = answers.filter(({ status }) => status >= 400);
  // So many kinds were seen that silence means something.
  const kinds = new Set(refusals.map(({ status }) => status));
  expect([...kinds].sort()).toEqual(expect.arrayContaining([400, 403, 404, 409, 422, 424, 502, 503]));
  expect(leaks(refusals.map(({ status, text }) => `${status} ${text}`))).toEqual([]);
});

it("no external id comes out of the child's API", () => {
  expect(
    leaks(
      childAnswers.map(({ status, text }) => `${status} ${text}`),
      'external id',
    ),
  ).toEqual([]);
});

it('no secret is announced, nor stands in the log of AWS calls', () => {
  expect(new Set(sandbox.messages.map(({ kind }) => kind))).toEqual(new Set(['event', 'notification']));
  expect(leaks(sandbox.messages.map((message) => JSON.stringify(message)))).toEqual([]);
  expect(sandbox.calls.length).toBeGreaterThan(0);
  expect(leaks(sandbox.calls.map((call) => JSON.stringify(call)))).toEqual([]);
});

/** The whole story. Answers the id of the grant it is about. */
async function liveThrough(): Promise<string> {
  const id = await open('puppet', 'marked', ['sync', 'stream']);
  const refused = refuseWrongOffers(id);
  await invokeAsynchronously();
  await takeSession(id);
  await refused;
  await invokeInAllWays();
  await rotate(id);
  await auditHandmadeTrust(id);
  await failToCreate();
  await parent('POST', `/grants/${id}/revoke`);
  await invoke('invocations');
  return id;
}

interface Grant {
  readonly id: string;
  readonly externalId: string;
  readonly role: { readonly arn: string };
}

async function open(endpoint: string, alias: string, modes: readonly string[]): Promise<string> {
  const created = await parent<Grant>('POST', '/grants', { ...grantFor(endpoint), modes });
  const offerUrl = `${sandbox.describe.parent.apiUrl}/offers/${created.json.id}`;
  const accepted = await child('POST', '/subscriptions', { alias, offerUrl });
  expect([created.status, accepted.status]).toEqual([201, 201]);
  return created.json.id;
}

function grantFor(endpoint: string) {
  return { endpoint: { name: endpoint }, child: { accountId: sandbox.describe.child.accountId } };
}

/** Each carries an external id that somebody might want to quote. */
async function refuseWrongOffers(id: string): Promise<void> {
  const { json: offer } = await parent<Readonly<Record<string, unknown>>>('GET', `/offers/${id}`);
  const wrongOffers = [
    { ...offer, externalId: handmadeExternalId },
    { ...offer, externalId: `${handmadeExternalId} and a space` },
    { ...offer, childAccountId: sandbox.describe.outsider.accountId },
    { ...offer, expiresAt: '2020-01-01T00:00:00Z' },
    { ...offer, more: offer['externalId'] },
  ];
  // All at once: the first is tried for a while, as IAM may only be slow.
  const refusals = wrongOffers.map((wrong) =>
    child('POST', '/subscriptions', { alias: 'wrong', offer: wrong }),
  );
  const cut = JSON.stringify({ alias: 'wrong', offer }).slice(0, -2);
  await child('POST', '/subscriptions', undefined, { body: cut });
  await child('POST', '/subscriptions', {
    alias: 'marked',
    offer: { ...offer, grantId: `grt_${'0'.repeat(26)}` },
  });
  await child('POST', '/subscriptions', {
    alias: 'wrong',
    offerUrl: `https://user:${handmadeExternalId}@example.com/`,
  });
  answers.push(await sandbox.asOutsider.get(`/offers/${id}`));
  await Promise.all(refusals);
}

async function invokeInAllWays(): Promise<void> {
  // The relay is cold: its first look at the subscription fails, then its first session, then SageMaker.
  await withFault('dynamodb', 'GetItem', () => invoke('invocations'));
  await withFault('sts', 'AssumeRole', () => invoke('invocations'));
  // It does not ask again at once.
  sandbox.advanceClock(5);
  await withFault('sagemaker', 'InvokeEndpoint', () => invoke('invocations'));
  expect((await invoke('invocations')).text).toContain(payload);
  expect((await invoke('invocations-response-stream')).bytes.includes(payload)).toBe(true);
  for (const orders of ['status=500', 'status=400', 'error=ServiceUnavailable', 'error=InternalFailure'])
    await invoke('invocations', orders);
  await invoke('invocations-response-stream', 'chunks=5,breakAfter=2');
  await invoke('async-invocations');
  await child('POST', `/endpoints/unknown/invocations`, undefined, { body: payload });
  await child('POST', `/endpoints/Not-An-Alias/invocations`, undefined, { body: payload });
  await child('GET', `/subscriptions/unknown`);
}

async function invokeAsynchronously(): Promise<void> {
  const id = await open('puppet-async', 'marked-async', ['async']);
  const offerUrl = `${sandbox.describe.parent.apiUrl}/offers/${id}`;
  await child('POST', '/subscriptions', { alias: 'marked', offerUrl });
  const path = '/endpoints/marked-async';
  const upload = await child<{ uploadUrl: string; inputLocation: string }>('POST', `${path}/async-uploads`);
  const uploadUrl = new URL(upload.json.uploadUrl);
  expect((await fetch(uploadUrl, { method: 'PUT', body: payload })).status).toBe(200);
  const asked = await child<{ InferenceId: string }>('POST', `${path}/async-invocations`, undefined, {
    headers: { 'x-amzn-sagemaker-inputlocation': upload.json.inputLocation },
  });
  const result = () => child('GET', `${path}/async-results/${asked.json.InferenceId}`);
  await vi.waitFor(async () => expect((await result()).text).toBe(payload), { timeout: 20_000 });
  await child('POST', `${path}/async-invocations`, undefined, { body: payload });
  await child('GET', `${path}/async-results/unknown`);
}

/** As a client without the relay would, so that there is a session of its own to be kept secret. */
async function takeSession(id: string): Promise<void> {
  const { json } = await parent<Grant>('GET', `/grants/${id}`);
  const sts = new STSClient(sandbox.asChild.sdk);
  await sts.send(
    new AssumeRoleCommand({ RoleArn: json.role.arn, RoleSessionName: 'marked', ExternalId: json.externalId }),
  );
}

/** The relay learns the new external id when it next needs a session. */
async function rotate(id: string): Promise<void> {
  await parent<Grant>('POST', `/grants/${id}/rotate`, { graceSeconds: 0 });
  await sandbox.runSchedule('advance-grants');
  sandbox.advanceClock(3_700);
  expect((await invoke('invocations')).status).toBe(200);
  await child('POST', '/subscriptions/marked/check');
}

/** Somebody replaces the external id in the role by one of their own; the audit shows that, and mends it. */
async function auditHandmadeTrust(id: string): Promise<void> {
  const iam = new IAMClient(sandbox.asParent.sdk);
  const RoleName = `sharemaker-${id}`;
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const { json } = await parent<Grant>('GET', `/grants/${id}`);
  const trust = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
  expect(trust).toContain(json.externalId);
  const PolicyDocument = trust.replaceAll(json.externalId, handmadeExternalId);
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
  await child('POST', '/subscriptions/marked/check');
  for (const mode of ['report', 'repair']) {
    const audit = await parent<{ findings: { code: string }[] }>('POST', '/audits', { mode });
    expect(audit.json.findings.map(({ code }) => code)).toContain('trust.drifted');
    expect(leaks([audit.text])).toEqual([]);
  }
}

async function failToCreate(): Promise<void> {
  const faults = [
    ['iam', 'CreateRole', 'error'],
    ['iam', 'PutRolePolicy', 'crash'],
    ['dynamodb', 'PutItem', 'error'],
  ] as const;
  for (const [service, operation, fault] of faults) {
    await withFault(service, operation, () => parent('POST', '/grants', grantFor('puppet')), fault);
  }
  // Past the lease that the killed function held.
  sandbox.advanceClock(60);
  await sandbox.runSchedule('advance-grants');
  await parent('POST', '/grants', undefined, { body: `{ "note": "${payload}` });
  await parent('POST', '/grants', { ...grantFor('puppet'), secret: payload });
}

async function withFault(
  service: string,
  operation: string,
  act: () => Promise<unknown>,
  fault: 'error' | 'crash' = 'error',
): Promise<void> {
  for (const nth of [1, 2, 3]) sandbox.addFault({ service, operation, nth, fault });
  await act();
  sandbox.clearFaults();
}

function invoke(operation: string, orders = ''): Promise<Answer> {
  return child('POST', `/endpoints/marked/${operation}`, undefined, {
    headers: {
      'content-type': 'text/plain',
      'x-amzn-sagemaker-custom-attributes': `${attributes}${orders && `,${orders}`}`,
    },
    body: payload,
  });
}

async function parent<T>(method: string, path: string, body?: unknown, call: Call = {}): Promise<Answer<T>> {
  const answer = await sandbox.asParent.send<T>(method, path, { ...withJson(body), ...call });
  learnExternalId(answer.json);
  answers.push(answer as Answer);
  return answer;
}

/** An invocation's stream may break: then there is nothing more to look at. */
async function child<T>(method: string, path: string, body?: unknown, call: Call = {}): Promise<Answer<T>> {
  const answer = await sandbox.asChild.send<T>(method, path, { ...withJson(body), ...call });
  answers.push(answer as Answer);
  childAnswers.push(answer as Answer);
  return answer;
}

function withJson(body: unknown): Call {
  return body === undefined
    ? {}
    : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Also of grants whose creation failed: their external ids may never have come to IAM. */
function learnExternalId(json: unknown): void {
  const { externalId } = (json ?? {}) as { externalId?: unknown };
  if (typeof externalId === 'string') sandbox.secrecy.keep('external id', externalId);
}

function leaks(texts: readonly string[], only = ''): string[] {
  return sandbox.secrecy.leaksIn(texts, only);
}
