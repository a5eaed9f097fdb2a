/** Whether access is open or shut, asked as the child asks: STS for a session, SageMaker for an answer. */

import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { Mode } from '../../lib/contract/fields.ts';
import type { Grant } from '../../lib/contract/grant.ts';
import type { Person, TestSandbox } from './sandbox.ts';
import { direct } from './share.ts';
import type { Keys } from './signed-fetch.ts';

export type Access = 'allowed' | 'denied';

/** A session of the share role; undefined when STS denies it. The child asks with the grant's external id unless told otherwise. */
export async function sessionOf(
  sandbox: TestSandbox,
  grant: Pick<Grant, 'role' | 'externalId'>,
  { externalId = grant.externalId, by = sandbox.asChild }: { externalId?: string; by?: Person } = {},
): Promise<Keys | undefined> {
  const sts = new STSClient(by.sdk);
  try {
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: grant.role.arn, RoleSessionName: 'test', ExternalId: externalId }),
    );
    return {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
  } catch (error) {
    if (error instanceof Error && error.name === 'AccessDenied') return undefined;
    throw error;
  }
}

/** A real invocation, in any mode. Anything but a prediction or AccessDenied throws. */
export async function invoke(
  sandbox: TestSandbox,
  grant: Pick<Grant, 'endpoint'>,
  keys: Keys,
  mode: Mode = 'sync',
): Promise<Access> {
  const headers = mode === 'async' ? { 'x-amzn-sagemaker-inputlocation': 's3://nobody/nothing' } : {};
  const path = `/endpoints/${grant.endpoint.name}/${routes[mode]}`;
  const answer = await direct(sandbox, path, keys, { headers, body: '' });
  if (answer.status < 300) return 'allowed';
  if (answer.headers.get('x-amzn-errortype')?.startsWith('AccessDenied')) return 'denied';
  throw new Error(`${mode}: ${answer.status} ${answer.text}`);
}

/** From the external id to the prediction. */
export async function access(
  sandbox: TestSandbox,
  grant: Pick<Grant, 'role' | 'externalId' | 'endpoint'>,
  as: { externalId?: string; by?: Person; mode?: Mode } = {},
): Promise<Access> {
  const keys = await sessionOf(sandbox, grant, as);
  return keys ? invoke(sandbox, grant, keys, as.mode) : 'denied';
}

const routes: Readonly<Record<Mode, string>> = {
  sync: 'invocations',
  stream: 'invocations-response-stream',
  async: 'async-invocations',
};
