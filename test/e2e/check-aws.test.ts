/** `npm run check:aws`, against the sandbox in place of a real account. */

import { spawn } from 'node:child_process';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sight } from '../../scripts/check-aws/assumptions.ts';
import { checkAws } from '../../scripts/check-aws/check.ts';
import type { Aws } from '../../scripts/check-aws/trial.ts';
import { startSandbox, type TestSandbox } from '../support/sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.clearFaults());
afterAll(() => sandbox?.close());

const aws = (): Aws => {
  const { sdk } = sandbox.asParent;
  return {
    iam: new IAMClient(sdk),
    sts: new STSClient(sdk),
    sageMaker: new SageMakerClient(sdk),
    runtimeAs: (credentials) => new SageMakerRuntimeClient({ ...sdk, credentials }),
  };
};

async function check(endpointName: string, by = aws()) {
  const sights = new Map<string, Sight>();
  const left = await checkAws(by, {
    endpointName,
    // Nobody waits: the clock is moved on.
    patience: {
      now: () => sandbox.now(),
      sleep: async (ms) => void sandbox.advanceClock(ms / 1000),
      lagMsMax: 60_000,
    },
    report: (says, sight) => sights.set(says, sight),
  });
  const like = (pattern: RegExp) => [...sights].find(([says]) => pattern.test(says))?.[1];
  return { left, sights, like };
}

async function rolesLeft(): Promise<readonly string[]> {
  const iam = new IAMClient(sandbox.asParent.sdk);
  const { Roles = [] } = await iam.send(new ListRolesCommand({ PathPrefix: '/sharemaker-check/' }));
  return Roles.map(({ RoleName = '' }) => RoleName);
}

describe('in a world that is as the documents assume', () => {
  it('everything holds, no model runs, and nothing is left behind', async () => {
    const ranBefore = modelsRun();
    const { left, sights } = await check('Iris-Classifier');
    expect([...sights].filter(([, { verdict }]) => verdict !== 'holds')).toEqual([]);
    expect(sights.size).toBe(13);
    expect(modelsRun()).toBe(ranBefore);
    expect([left, await rolesLeft()]).toEqual([[], []]);
  });

  it('with IAM late it waits, and says how long', async () => {
    sandbox.setLag(8);
    const { sights, like } = await check('Iris-Classifier');
    sandbox.setLag(0);
    expect([...sights].filter(([, { verdict }]) => verdict !== 'holds')).toEqual([]);
    expect(Number(/after ([\d.]+) s/.exec(like(/A deny/)?.saw ?? '')?.[1])).toBeGreaterThan(5);
  });

  it('what an endpoint cannot show is said', async () => {
    const plain = await check('puppet');
    expect(plain.like(/lower case/)).toMatchObject({ verdict: 'could not be seen' });
    const queued = await check('puppet-async');
    expect(queued.like(/asynchronous/)).toMatchObject({ verdict: 'could not be seen' });
  });
});

describe('in another world', () => {
  /** One in which SageMaker looks at the variant before it asks IAM. */
  const validatesFirst = (): Aws => ({
    ...aws(),
    runtimeAs(credentials) {
      const runtime = new SageMakerRuntimeClient({ ...sandbox.asParent.sdk, credentials });
      runtime.middlewareStack.add(
        () => async () =>
          Promise.reject(Object.assign(new Error('No such variant.'), { name: 'ValidationError' })),
        { step: 'initialize' },
      );
      return runtime;
    },
  });

  it('what does not hold is said, with what came instead', async () => {
    const { like, left } = await check('Iris-Classifier', validatesFirst());
    expect(like(/authorizes an invocation before/)).toEqual({
      verdict: 'does not',
      saw: 'ValidationError: No such variant.',
    });
    expect(like(/A deny/)?.verdict).toBe('does not');
    expect(like(/another external id/)?.verdict).toBe('holds');
    expect(left).toEqual([]);
  });

  it('an IAM that fails half way ends the check, and what was made is taken away', async () => {
    for (const nth of [4, 5, 6])
      sandbox.addFault({ service: 'iam', operation: 'CreateRole', nth, fault: 'error' });
    await expect(check('Iris-Classifier')).rejects.toThrow();
    expect(await rolesLeft()).toEqual([]);
  });

  it('an answer to CreateRole that is lost leaves no role', async () => {
    sandbox.addFault({ service: 'iam', operation: 'CreateRole', nth: 1, fault: 'lost-reply' });
    await expect(check('Iris-Classifier')).rejects.toThrow();
    expect(await rolesLeft()).toEqual([]);
  });
});

describe('the command', () => {
  it('takes the AWS settings of its caller, tells line by line, and exits with 0 when all holds', async () => {
    const { code, output } = await run('--endpoint', 'Iris-Classifier', '--region', 'us-east-1');
    expect(output.match(/^holds /gm)).toHaveLength(13);
    expect(output).not.toContain(sandbox.describe.parent.credentials.secretAccessKey);
    expect(code).toBe(0);
  });

  it('says what is missing', async () => {
    expect(await run()).toMatchObject({ code: 2, output: expect.stringContaining('--endpoint NAME') });
    const nowhere = await run('--endpoint', 'nowhere', '--region', 'us-east-1');
    expect(nowhere).toMatchObject({ code: 1, output: expect.stringContaining('ValidationException') });
  });

  function run(...args: string[]): Promise<{ code: number | null; output: string }> {
    const { describe: world } = sandbox;
    const { accessKeyId, secretAccessKey } = world.parent.credentials;
    const child = spawn(process.execPath, ['scripts/run.mjs', 'check:aws', ...args], {
      cwd: new URL('../..', import.meta.url).pathname,
      env: {
        PATH: process.env['PATH'],
        AWS_ENDPOINT_URL: world.awsEndpointUrl,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      },
    });
    const said: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    return new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, output: Buffer.concat(said).toString() }));
    });
  }
});

function modelsRun(): number {
  return sandbox.sageMaker.invocations.length;
}
