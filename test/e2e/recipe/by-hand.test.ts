/**
 * Sharing an endpoint by hand, with AWS's own tools and nothing of Sharemaker's: a policy, a role and its trust in the
 * parent; a user who may assume it in the child; AssumeRole and InvokeEndpoint in between.
 */

import { CreatePolicyVersionCommand, IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { missing, runProgram, temporaryDirectory } from '../clients/run-program.ts';

const recipe = import.meta.dirname;
const setosa = '5.1,3.5,1.4,0.2';
const timeoutMs = 120_000;

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

describe('with the AWS CLI', () => {
  it('works to the letter, once the endpoint stands in lower case in the policy', {
    timeout: timeoutMs,
  }, async ({ skip }) => {
    const absent = missing('AWS CLI');
    if (absent) skip(absent);
    const run = runner('bash', 'sh');
    const role = await run('parent', parent(), 'cli-share', 'Iris-Classifier', childId());
    const key = JSON.parse(await run('child', child(), 'cli-scorer', role)) as AccessKey;
    const predict = () => run.anyhow('predict', keysOf(key), role, 'whatever', 'Iris-Classifier', setosa);

    // The name as everybody writes it, and as SageMaker shows it. The ARN that IAM sees is in lower case.
    const refused = await predict();
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('AccessDeniedException');
    expect(refused.stderr).toContain(
      `assumed-role/cli-share/by-hand is not authorized to perform: sagemaker:InvokeEndpoint on resource: arn:aws:sagemaker:us-east-1:${parentId()}:endpoint/iris-classifier because no identity-based policy allows the sagemaker:InvokeEndpoint action`,
    );

    await allowInvoking('cli-share', `arn:aws:sagemaker:*:${parentId()}:endpoint/iris-classifier`);
    expect(await predict()).toEqual({ code: 0, stdout: 'setosa\n', stderr: '' });
  });
});

describe('with boto3', () => {
  let role: string;
  let keys: Variables;
  const run = runner('python3', 'py');
  const predict = (externalId: string) =>
    run.anyhow('predict', keys, role, externalId, 'Iris-Classifier', setosa);

  beforeAll(async () => {
    if (missing('boto3')) return;
    role = await run('parent', parent(), 'boto3-share', 'iris-classifier', childId());
    keys = keysOf(JSON.parse(await run('child', child(), 'boto3-scorer', role)) as AccessKey);
  }, timeoutMs);

  it('predicts; the external id that is sent means nothing', { timeout: timeoutMs }, async ({ skip }) => {
    const absent = missing('boto3');
    if (absent) skip(absent);
    const answers = await Promise.all([parentId(), 'anything-at-all', ''].map(predict));
    expect(answers).toEqual(answers.map(() => ({ code: 0, stdout: 'setosa\n', stderr: '' })));
  });

  it('is as wide as it was written: one endpoint, one way of invoking', { timeout: timeoutMs }, async ({
    skip,
  }) => {
    const absent = missing('boto3');
    if (absent) skip(absent);
    const outsider = variables(sandbox.describe.outsider.credentials);
    const [other, stranger] = await Promise.all([
      run.anyhow('predict', keys, role, '', 'storyteller', '{"prompt":"hello"}'),
      run.anyhow('predict', outsider, role, '', 'Iris-Classifier', setosa),
    ]);
    expect([other.code, stranger.code]).toEqual([1, 1]);
    expect(other.stderr).toContain('endpoint/storyteller because no identity-based policy allows');
    expect(stranger.stderr).toContain('(AccessDenied) when calling the AssumeRole operation');
  });

  it('asks for the external id only once the trust does', { timeout: timeoutMs }, async ({ skip }) => {
    const absent = missing('boto3');
    if (absent) skip(absent);
    await demandExternalId('boto3-share', 'agreed-upon');
    const [agreed, ...others] = await Promise.all(['agreed-upon', 'agreed-upom', ''].map(predict));
    expect(agreed).toEqual({ code: 0, stdout: 'setosa\n', stderr: '' });
    for (const { code, stdout, stderr } of others) {
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('(AccessDenied) when calling the AssumeRole operation');
    }
  });
});

type Variables = Readonly<Record<string, string>>;

interface AccessKey {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
}

/** Runs a step of the recipe, which sees AWS's own variables and nothing else. */
function runner(program: string, extension: string) {
  const directory = temporaryDirectory();
  const anyhow = (step: string, keys: Variables, ...args: string[]) =>
    runProgram([program, `${recipe}/${step}.${extension}`, ...args], {
      directory,
      environment: {
        AWS_ENDPOINT_URL: sandbox.describe.awsEndpointUrl,
        AWS_DEFAULT_REGION: sandbox.describe.region,
        ...keys,
      },
    });
  const run = async (...call: Parameters<typeof anyhow>) => {
    const { code, stdout, stderr } = await anyhow(...call);
    expect([code, stderr]).toEqual([0, '']);
    return stdout.trim();
  };
  return Object.assign(run, { anyhow });
}

function parent(): Variables {
  return variables(sandbox.describe.parent.credentials);
}
function child(): Variables {
  return variables(sandbox.describe.child.credentials);
}
function keysOf({ AccessKeyId, SecretAccessKey }: AccessKey): Variables {
  return variables({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey });
}
function variables(keys: { readonly accessKeyId: string; readonly secretAccessKey: string }): Variables {
  return { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey };
}
function parentId(): string {
  return sandbox.describe.parent.accountId;
}
function childId(): string {
  return sandbox.describe.child.accountId;
}

async function allowInvoking(policyName: string, resource: string): Promise<void> {
  const iam = new IAMClient(sandbox.asParent.sdk);
  const statement = { Effect: 'Allow', Action: 'sagemaker:InvokeEndpoint', Resource: resource };
  await iam.send(
    new CreatePolicyVersionCommand({
      PolicyArn: `arn:aws:iam::${parentId()}:policy/${policyName}`,
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
      SetAsDefault: true,
    }),
  );
}

async function demandExternalId(roleName: string, externalId: string): Promise<void> {
  const iam = new IAMClient(sandbox.asParent.sdk);
  const statement = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${childId()}:root` },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': externalId } },
  };
  await iam.send(
    new UpdateAssumeRolePolicyCommand({
      RoleName: roleName,
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    }),
  );
}
