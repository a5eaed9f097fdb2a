import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateUserCommand, GetRoleCommand, GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { ListEndpointsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startSandbox, type TestSandbox } from '../support/sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

const control = (
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; json: { now?: string; logs?: object[]; result?: unknown } }> =>
  fetch(`${sandbox.describe.controlUrl}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  }).then(async (response) => ({ status: response.status, json: (await response.json()) as object }));

describe('three accounts', () => {
  it('have an administrator each', async () => {
    const arns = [sandbox.asParent, sandbox.asChild, sandbox.asOutsider].map(async ({ sdk }) => {
      const { Arn } = await new STSClient(sdk).send(new GetCallerIdentityCommand({}));
      return Arn;
    });
    expect(await Promise.all(arns)).toEqual(
      ['111111111111', '222222222222', '333333333333'].map((id) => `arn:aws:iam::${id}:user/admin`),
    );
  });

  it('hold what their stacks declare, and nothing of one another', async () => {
    const tables = [sandbox.asParent, sandbox.asChild, sandbox.asOutsider].map(async ({ sdk }) => {
      const { TableNames } = await new DynamoDBClient(sdk).send(new ListTablesCommand({}));
      return TableNames;
    });
    expect(await Promise.all(tables)).toEqual([
      ['sharemaker-dev-audits', 'sharemaker-dev-grants'],
      ['sharemaker-dev-subscriptions'],
      [],
    ]);
    const prober = new GetRoleCommand({ RoleName: 'sharemaker-prober-dev' });
    const { Role } = await new IAMClient(sandbox.asParent.sdk).send(prober);
    expect(Role?.Path).toBe('/sharemaker-system/');
    await expect(new IAMClient(sandbox.asChild.sdk).send(prober)).rejects.toThrow('cannot be found');
  });

  it('only the parent has endpoints', async () => {
    const names = async ({ sdk }: TestSandbox['asParent']) => {
      const { Endpoints } = await new SageMakerClient(sdk).send(new ListEndpointsCommand({}));
      return Endpoints?.map(({ EndpointName }) => EndpointName).sort();
    };
    expect(await names(sandbox.asParent)).toEqual(
      expect.arrayContaining(['Iris-Classifier', 'puppet', 'storyteller']),
    );
    expect(await names(sandbox.asChild)).toEqual([]);
  });
});

describe('the APIs', () => {
  it('answer their own account', async () => {
    expect(await sandbox.asParent.get('/grants')).toMatchObject({ status: 200, json: { items: [] } });
    expect(await sandbox.asChild.get('/subscriptions')).toMatchObject({ status: 200, json: { items: [] } });
  });

  it('refuse who does not sign', async () => {
    const response = await fetch(`${sandbox.describe.parent.apiUrl}/grants`);
    expect(response.status).toBe(403);
  });

  it('admit other accounts to offers alone', async () => {
    const { apiUrl } = sandbox.describe.parent;
    for (const person of [sandbox.asChild, sandbox.asOutsider]) {
      const refused = await person.get(`${apiUrl}/grants`);
      expect(refused.status).toBe(403);
      expect(refused.text).toContain('is not authorized to perform: execute-api:Invoke');
      const offer = await person.get(`${apiUrl}/offers/grt_01jd0000000000000000000000`);
      expect(offer).toMatchObject({ status: 404, json: { code: 'grant.not_found' } });
    }
  });

  it('keep every other account out of the child', async () => {
    for (const person of [sandbox.asParent, sandbox.asOutsider]) {
      const refused = await person.get(`${sandbox.describe.child.apiUrl}/subscriptions`);
      expect(refused.status).toBe(403);
      expect(refused.text).toContain('explicit deny');
    }
  });

  it('run each function with its own role: the call log names it', async () => {
    await sandbox.asParent.get('/grants');
    const call = sandbox.calls.findLast(({ service }) => service === 'dynamodb');
    expect(call).toMatchObject({
      operation: 'Query',
      functionName: 'list-grants',
      principalArn: 'arn:aws:iam::111111111111:role/sharemaker-system/sharemaker-dev-list-grants',
      decision: 'allowed',
    });
  });
});

describe('the control calls', () => {
  it('advance the clock, for IAM and functions alike, and never turn it back', async () => {
    const before = sandbox.now();
    const { json } = await control('POST', '/clock', { advanceSeconds: 3_600 });
    expect(Date.parse(json.now!)).toBeGreaterThanOrEqual(before + 3_600_000);
    for (const body of [
      { advanceSeconds: -1 },
      { advanceSeconds: 'much' },
      {},
      { advanceSeconds: 1, more: 1 },
    ]) {
      expect((await control('POST', '/clock', body)).status).toBe(400);
    }
    expect(sandbox.now() - before).toBeLessThan(3_700_000);
    // The keys of the functions are still good: a day later their environments are new.
    sandbox.advanceClock(86_400);
    expect((await sandbox.asParent.get('/grants')).status).toBe(200);
  });

  it('make IAM slow', async () => {
    expect(await control('POST', '/lag', { seconds: 5 })).toEqual({ status: 200, json: { seconds: 5 } });
    expect((await control('POST', '/lag', { seconds: -5 })).status).toBe(400);
    expect((await control('POST', '/lag', { seconds: 0 })).status).toBe(200);
    expect(await control('POST', '/lag', { readSeconds: 5 })).toEqual({
      status: 200,
      json: { readSeconds: 5 },
    });
    const iam = new IAMClient(sandbox.asParent.sdk);
    const UserName = 'read-late';
    await iam.send(new CreateUserCommand({ UserName }));
    await expect(iam.send(new GetUserCommand({ UserName }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
    expect((await control('POST', '/lag', {})).status).toBe(400);
    expect((await control('POST', '/lag', { readSeconds: '5' })).status).toBe(400);
    expect((await control('POST', '/lag', { seconds: 0, readSeconds: 0 })).status).toBe(200);
    await iam.send(new GetUserCommand({ UserName }));
    expect((await control('POST', '/last-used-lag', { seconds: 14_400 })).status).toBe(200);
    expect((await control('POST', '/last-used-lag', { seconds: 90_000 })).status).toBe(400);
  });

  it('tell functions that clients left, or not', async () => {
    for (const told of [true, false])
      expect(await control('POST', '/departures', { told })).toEqual({ status: 200, json: { told } });
    for (const body of [{}, { told: 'yes' }, { told: true, more: 1 }])
      expect((await control('POST', '/departures', body)).status).toBe(400);
  });

  it('run a schedule and answer what it answered', async () => {
    const { status, json } = await control('POST', '/schedules/advance-grants/run');
    expect([status, json]).toEqual([200, { result: expect.any(Object) }]);
    expect((await control('POST', '/schedules/nothing/run')).status).toBe(404);
  });

  it('show what functions wrote', async () => {
    await sandbox.runSchedule('advance-grants');
    await vi.waitFor(async () => {
      const { json } = await control('GET', '/logs?function=advance-grants');
      expect(json.logs).not.toEqual([]);
    });
    const { json } = await control('GET', '/logs?function=get-audit');
    expect(json.logs).toEqual([]);
  });
});

describe('a function that dies', () => {
  it('is answered 502, and the next request finds a new one', async () => {
    sandbox.addFault({ service: 'dynamodb', operation: 'Query', nth: 1, fault: 'crash' });
    const died = await sandbox.asParent.get('/grants');
    expect([died.status, died.text]).toEqual([502, '{"message":"Internal server error"}']);
    expect((await sandbox.asParent.get('/grants')).status).toBe(200);
  });
});

it('keeps no grants between two sandboxes', async () => {
  const other = await startSandbox();
  try {
    const scan = new ScanCommand({ TableName: 'sharemaker-dev-grants' });
    expect((await new DynamoDBClient(other.asParent.sdk).send(scan)).Items).toEqual([]);
    expect(other.describe.parent.credentials).not.toEqual(sandbox.describe.parent.credentials);
  } finally {
    await other.close();
  }
});
