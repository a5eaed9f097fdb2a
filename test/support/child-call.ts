/** A prediction asked for as a child does it: AssumeRole with the external id of the offer, then the endpoint. */

import {
  InvokeEndpointAsyncCommand,
  InvokeEndpointCommand,
  InvokeEndpointWithResponseStreamCommand,
  SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { Mode } from '../../lib/contract/fields.ts';
import type { GrantRecord } from '../../lib/grant/grant.ts';
import { childId, type GrantWorld, type Keys } from './grant-world.ts';

export interface ChildCall {
  /** The grant's own child unless given. */
  readonly accountId?: string;
  readonly externalId?: string;
  readonly mode?: Mode;
  readonly targetModel?: string;
  readonly endpointName?: string;
}

/** Anything but AccessDenied throws. */
export async function callAsChild(
  world: GrantWorld,
  record: GrantRecord,
  call: ChildCall = {},
): Promise<'allowed' | 'denied'> {
  const session = await assumeAsChild(world, record, call);
  return session ? invokeWith(world, record, session, call) : 'denied';
}

/** Undefined when STS denies it. */
export async function assumeAsChild(
  world: GrantWorld,
  record: Pick<GrantRecord, 'role' | 'externalIds'>,
  { accountId = childId, externalId = record.externalIds.current }: ChildCall = {},
): Promise<Keys | undefined> {
  const sts = new STSClient(world.admin(accountId));
  try {
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: record.role.arn,
        RoleSessionName: 'child',
        ExternalId: externalId,
      }),
    );
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      ...(Credentials?.SessionToken && { sessionToken: Credentials.SessionToken }),
    };
  } catch (error) {
    return deniedOrThrow(error);
  }
}

export async function invokeWith(
  world: GrantWorld,
  record: Pick<GrantRecord, 'endpoint' | 'modes'>,
  session: Keys,
  { mode = record.modes[0] ?? 'sync', targetModel, endpointName = record.endpoint.name }: ChildCall = {},
): Promise<'allowed' | 'denied'> {
  const runtime = new SageMakerRuntimeClient(world.as(session));
  const EndpointName = endpointName;
  const commands = {
    sync: () =>
      new InvokeEndpointCommand({
        EndpointName,
        Body: 'x',
        ...(targetModel !== undefined && { TargetModel: targetModel }),
      }),
    stream: () =>
      new InvokeEndpointWithResponseStreamCommand({
        EndpointName,
        Body: 'x',
      }) as unknown as InvokeEndpointCommand,
    // Answered with ValidationError once it is authorized, so no input object is needed.
    async: () =>
      new InvokeEndpointAsyncCommand({
        EndpointName,
        InputLocation: 's3://nowhere/x',
      }) as unknown as InvokeEndpointCommand,
  };
  try {
    await runtime.send(commands[mode]());
    return 'allowed';
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError') return 'allowed';
    return deniedOrThrow(error) ?? 'denied';
  }
}

/** A session that IAM never heard of, or no longer knows, is denied as well. */
const denials = new Set(['AccessDenied', 'AccessDeniedException', 'ExpiredToken', 'ExpiredTokenException']);

function deniedOrThrow(error: unknown): undefined {
  if (error instanceof Error && denials.has(error.name)) return undefined;
  throw error;
}
