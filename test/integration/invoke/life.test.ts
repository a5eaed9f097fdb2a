/** What happens to invocations while the parent changes the grant and AWS has bad days. */

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { aShare, type Share } from '../../support/share.ts';

let sandbox: TestSandbox;
let share: Share;
beforeAll(async () => {
  sandbox = await startSandbox();
  share = await aShare(sandbox, 'iris', 'Iris-Classifier');
});
afterAll(() => sandbox?.close());
beforeEach(() => sandbox.clearFaults());

let asked = 0;
const ask = (alias = 'iris', headers: Record<string, string> = {}) => {
  asked += 1;
  return sandbox.asChild.send('POST', `/endpoints/${alias}/invocations`, {
    headers: { 'content-type': 'text/csv', ...headers },
    body: '5.1,3.5,1.4,0.2',
  });
};
const settle = async (
  path: string,
  body: object,
  isSettled: (grant: Grant) => boolean,
  { grant: { id } } = share,
) => {
  const { asParent } = sandbox;
  const asking =
    path === ''
      ? asParent.patch<Grant>(`/grants/${id}`, body, { headers: { 'if-match': '*' } })
      : asParent.post<Grant>(`/grants/${id}${path}`, body);
  let grant = (await asking).json;
  for (let step = 0; !isSettled(grant) && step < 10; step += 1) {
    await sandbox.runSchedule('advance-grants');
    grant = (await sandbox.asParent.get<Grant>(`/grants/${id}`)).json;
  }
  expect(isSettled(grant)).toBe(true);
};
const assumed = () =>
  sandbox.calls.filter(
    ({ operation, functionName }) => operation === 'AssumeRole' && functionName === 'invoke',
  ).length;
/** By whom the parent's endpoints were asked, as its CloudTrail would have it. */
const invoked = () => sandbox.calls.filter(({ operation }) => operation === 'InvokeEndpoint');

it('answers, takes one session, and shows the parent’s log of AWS calls which grant was used', async () => {
  const before = assumed();
  const invokedBefore = invoked().length;
  const answers = [];
  for (let request = 0; request < 5; request += 1) answers.push(await ask());
  expect(answers.map(({ status, text }) => [status, text.trim()])).toEqual(Array(5).fill([200, 'setosa']));
  expect(assumed() - before).toBe(1);
  const { accountId } = sandbox.describe.parent;
  expect(invoked().slice(invokedBefore)).toEqual(
    Array(5).fill(expect.objectContaining({ accountId, principalArn: share.grant.role.arn, status: 200 })),
  );
});

it('costs no request while STS is away and the session lives', async () => {
  await ask();
  sandbox.advanceClock(50 * 60);
  for (let nth = 1; nth <= 12; nth += 1)
    sandbox.addFault({ service: 'sts', operation: 'AssumeRole', nth, fault: 'error' });
  for (let minute = 0; minute < 4; minute += 1) {
    expect((await ask()).status).toBe(200);
    sandbox.advanceClock(60);
  }
});

it('picks up a rotated external id without a failed request, even without a grace period', async () => {
  const before = share.grant.externalId;
  await settle('/rotate', { graceSeconds: 0 }, (grant) => grant.externalId !== before && !grant.pending);
  for (let passed = 0; passed < 8; passed += 1) {
    const answer = await ask();
    expect([answer.status, answer.text.trim()]).toEqual([200, 'setosa']);
    sandbox.advanceClock(15 * 60);
  }
});

it('is refused while the grant is suspended and answered when it is resumed', async () => {
  await settle('/suspend', {}, ({ status }) => status === 'suspended');
  const refused = await ask();
  expect([refused.status, refused.headers.get('x-amzn-errortype')]).toEqual([403, 'AccessDeniedException']);
  await settle('/resume', {}, ({ status }) => status === 'active');
  expect((await ask()).status).toBe(200);
});

it('repeats what the model did not see, and only that', async () => {
  sandbox.addFault({ service: 'sagemaker', operation: 'InvokeEndpoint', nth: 1, fault: 'throttle' });
  const throttled = await ask();
  expect([throttled.status, throttled.headers.get('x-sharemaker-attempts')]).toEqual([200, '2']);
  sandbox.addFault({ service: 'sagemaker', operation: 'InvokeEndpoint', nth: 1, fault: 'lost-reply' });
  const lost = await ask();
  expect([lost.status, lost.headers.get('x-sharemaker-attempts')]).toEqual([530, '1']);
});

it('holds the cap of the offer over all environments of the Lambda', async () => {
  await aShare(sandbox, 'capped', 'puppet', { limits: { concurrency: 2 } });
  const before = sandbox.sageMaker.invocations.length;
  const slow = { 'x-amzn-sagemaker-custom-attributes': 'delayMs=6000' };
  const underWay = [ask('capped', slow), ask('capped', slow)];
  await expect.poll(() => sandbox.sageMaker.invocations.length - before, { timeout: 20_000 }).toBe(2);
  const third = await ask('capped');
  expect([third.status, third.headers.get('x-amzn-errortype')]).toEqual([429, 'ThrottlingException']);
  expect((await Promise.all(underWay)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await ask('capped')).status).toBe(200);
});

it('carries the caller to the parent when the grant asks for it', async () => {
  const { grant } = await aShare(sandbox, 'named', 'puppet', { recordCaller: true });
  const answer = await ask('named');
  expect(answer.status).toBe(200);
  expect(invoked().at(-1)).toMatchObject({ principalArn: grant.role.arn, sourceIdentity: 'admin' });
  await ask();
  expect(invoked().at(-1)).not.toHaveProperty('sourceIdentity');
});

it('is refused in words after the grant has expired, and answered on where it was extended in time', async () => {
  const hourFromNow = () => new Date(sandbox.now() + 3_600_000).toISOString();
  const short = await aShare(sandbox, 'short', 'puppet', { expiresAt: hourFromNow() });
  const extended = await aShare(sandbox, 'extended', 'puppet', { expiresAt: hourFromNow() });
  for (const alias of ['short', 'extended']) expect((await ask(alias)).status).toBe(200);
  sandbox.advanceClock(3_000);
  const expiresAt = hourFromNow();
  await settle('', { expiresAt }, (grant) => grant.expiresAt === expiresAt && !grant.pending, extended);
  sandbox.advanceClock(601);
  const refused = await ask('short');
  expect([refused.status, refused.headers.get('x-amzn-errortype')]).toEqual([403, 'AccessDeniedException']);
  expect(refused.json['Message']).toContain(`Grant ${short.grant.id}`);
  expect((await ask('extended')).status).toBe(200);
});

it('counts every invocation once and logs no payload, key or external id', async () => {
  const usage = () =>
    sandbox.logs.filter(
      ({ function: name, line }) => name === 'invoke' && line.includes('"CloudWatchMetrics"'),
    );
  await expect.poll(() => usage().length).toBe(asked);
  for (const { line } of usage()) expect(JSON.parse(line)).toMatchObject({ Invocations: 1 });
  const lines = sandbox.logs.map(({ line }) => line).join('\n');
  const { json: grant } = await sandbox.asParent.get<Grant>(`/grants/${share.grant.id}`);
  for (const secret of [
    share.grant.externalId,
    grant.externalId,
    '5.1,3.5',
    sandbox.describe.child.credentials.secretAccessKey,
  ])
    expect(lines).not.toContain(secret);
});
