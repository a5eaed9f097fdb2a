import { BatchWriteItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import type { AdvanceResult } from '../../../lib/grant/advance-due.ts';
import { access, invoke, sessionOf } from '../../support/access.ts';
import { aProvisioningGrant, ask, read } from '../../support/ask.ts';
import { byHand } from '../../support/by-hand.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.clearFaults());
afterAll(() => sandbox?.close());

const run = () => sandbox.runSchedule('advance-grants') as Promise<AdvanceResult>;
const inSeconds = (seconds: number) => new Date(sandbox.now() + seconds * 1000).toISOString();

it('looks at nothing when nothing is due', async () => {
  await anActiveGrant(sandbox, 'puppet');
  await run();
  const callsBefore = sandbox.calls.length;
  expect(await run()).toEqual({ looked: 0, settled: 0, waiting: 0, failed: 0, oldestSeconds: 0 });
  // However many grants there are: one look at the index for what is to be shut, and one for all else.
  expect(sandbox.calls.slice(callsBefore).map(({ operation }) => operation)).toEqual(['Query', 'Query']);
});

describe('finishes what a killed function left', () => {
  it('a create: the grant becomes active, with one role', async () => {
    const grant = await aProvisioningGrant(sandbox);
    // Until then it may still be at work, for all that others can know.
    sandbox.advanceClock(31);
    await run();
    const after = await read(sandbox, grant);
    expect(after.status).toBe('active');
    expect(await access(sandbox, after)).toBe('allowed');
    expect((await byHand(sandbox).roleOf(after))?.RoleId).toBe(after.role.id);
  });

  it.each(['UpdateAssumeRolePolicy', 'DeleteRole'])('a revoke that died after %s', async (operation) => {
    const grant = await anActiveGrant(sandbox, 'puppet');
    const session = await sessionOf(sandbox, grant);
    sandbox.addFault({ service: 'iam', operation, nth: 1, fault: 'crash' });
    expect((await ask(sandbox, grant, 'revoke')).status).toBe(502);
    expect((await read(sandbox, grant)).status).toBe('revoking');
    sandbox.advanceClock(31);
    await run();
    expect(await read(sandbox, grant)).toMatchObject({
      status: 'revoked',
      receipt: { sessionDeniedAt: expect.any(String), provenAt: expect.any(String) },
    });
    expect(await byHand(sandbox).roleOf(grant)).toBeUndefined();
    expect(await invoke(sandbox, grant, session!)).toBe('denied');
  });
});

it('ends what has expired, with a receipt, and takes the role away', async () => {
  const [short, long] = await Promise.all([
    anActiveGrant(sandbox, 'puppet', { expiresAt: inSeconds(600) }),
    anActiveGrant(sandbox, 'puppet', { expiresAt: inSeconds(6_000) }),
  ]);
  sandbox.advanceClock(601);
  // IAM has ended it already; what follows is only tidying.
  expect(await access(sandbox, short)).toBe('denied');
  await run();
  const ended = await read(sandbox, short);
  expect(ended.status).toBe('expired');
  expect(ended.receipt).toMatchObject({ provenAt: expect.any(String), roleRemovedAt: expect.any(String) });
  expect(await byHand(sandbox).roleOf(short)).toBeUndefined();
  expect(await access(sandbox, long)).toBe('allowed');
  expect(await read(sandbox, long)).toEqual(long);
});

it('opens a new grant however late its turn comes', async () => {
  const grant = await aProvisioningGrant(sandbox);
  sandbox.advanceClock(16 * 60);
  await run();
  expect((await read(sandbox, grant)).status).toBe('active');
});

it('gives up a new grant that IAM never lets in, says why, and removes what was made of it', async () => {
  const grant = await aProvisioningGrant(sandbox);
  for (let nth = 1; nth <= 50; nth++)
    sandbox.addFault({ service: 'sts', operation: 'AssumeRole', nth, fault: 'error' });
  sandbox.advanceClock(16 * 60);
  await run();
  sandbox.clearFaults();
  await run();
  expect(await read(sandbox, grant)).toMatchObject({
    status: 'failed',
    failure: { code: 'grant.not_proven' },
  });
  expect(await byHand(sandbox).roleOf(grant)).toBeUndefined();
});

it('tells the bus what happened once the bus listens again', async () => {
  for (const nth of [1, 2, 3])
    sandbox.addFault({ service: 'events', operation: 'PutEvents', nth, fault: 'error' });
  const grant = await anActiveGrant(sandbox, 'puppet');
  const told = () => sandbox.messages.filter((message) => JSON.stringify(message).includes(grant.id)).length;
  expect(told()).toBe(0);
  sandbox.clearFaults();
  // It was asked a moment ago, and others have their turn first.
  await run();
  expect(told()).toBe(0);
  sandbox.advanceClock(301);
  await run();
  expect(told()).toBe(2);
  await run();
  expect(told()).toBe(2);
});

it('does not touch a role of somebody else who took the name, and ends the grant all the same', async () => {
  const [taken, other] = await Promise.all([
    anActiveGrant(sandbox, 'puppet', { expiresAt: inSeconds(600) }),
    anActiveGrant(sandbox, 'puppet', { expiresAt: inSeconds(601) }),
  ]);
  await byHand(sandbox).deleteRole(taken);
  await byHand(sandbox).takeName(taken);
  const before = await byHand(sandbox).roleOf(taken);
  sandbox.advanceClock(700);
  await run();
  expect((await read(sandbox, other)).status).toBe('expired');
  expect((await read(sandbox, taken)).status).toBe('expired');
  expect(await byHand(sandbox).roleOf(taken)).toEqual(before);
  expect(await access(sandbox, taken)).toBe('denied');
});

it('tells CloudWatch for how long a grant has been waiting for what was asked', async () => {
  await anActiveGrant(sandbox, 'puppet', { expiresAt: inSeconds(600) });
  for (let nth = 1; nth <= 50; nth++)
    sandbox.addFault({ service: 'iam', operation: 'PutRolePolicy', nth, fault: 'error' });
  sandbox.advanceClock(601);
  await run();
  sandbox.advanceClock(3_600);
  const { oldestSeconds } = await run();
  sandbox.clearFaults();
  expect(oldestSeconds).toBeGreaterThan(3_599);
  const line = sandbox.logs.filter(({ function: name }) => name === 'advance-grants').at(-1)?.line ?? '';
  expect(JSON.parse(line)).toMatchObject({
    message: 'advanced',
    functionName: 'sharemaker-dev-advance-grants',
    OldestUnfinishedSeconds: oldestSeconds,
    UnmovableGrants: 0,
    _aws: { CloudWatchMetrics: [{ Namespace: 'Sharemaker', Dimensions: [['functionName']] }] },
  });
});

it('goes on beside a record that nobody can read', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet', { expiresAt: inSeconds(600) });
  await damagedCopyOf(grant);
  sandbox.advanceClock(601);
  const { failed } = await run();
  expect(failed).toBe(1);
  expect((await read(sandbox, grant)).status).toBe('expired');
});

it('run twice at once, does everything once', async () => {
  const grants = await Promise.all(
    [1, 2, 3, 4].map(() => anActiveGrant(sandbox, 'puppet', { expiresAt: inSeconds(600) })),
  );
  sandbox.advanceClock(601);
  const callsBefore = sandbox.calls.length;
  await Promise.all([run(), run()]);
  for (const grant of grants) {
    const { status, history } = await read(sandbox, grant);
    expect(status).toBe('expired');
    expect(history.filter(({ event }) => event === 'grant.expired')).toHaveLength(1);
  }
  const deleted = sandbox.calls
    .slice(callsBefore)
    .filter(({ operation, status }) => operation === 'DeleteRole' && status === 200);
  expect(deleted).toHaveLength(4);
});

async function damagedCopyOf(grant: Grant): Promise<void> {
  const dynamo = new DynamoDBClient(sandbox.asParent.sdk);
  const TableName = 'sharemaker-dev-grants';
  const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key: { id: { S: grant.id } } }));
  const { externalIds: _lost, role: _gone, ...rest } = Item!;
  const damaged = { ...rest, id: { S: grant.id.replace(/.{6}$/, 'damage') } };
  const RequestItems = { [TableName]: [{ PutRequest: { Item: damaged } }] };
  await dynamo.send(new BatchWriteItemCommand({ RequestItems }));
}
