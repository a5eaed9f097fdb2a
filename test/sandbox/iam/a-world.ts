/** Accounts with an admin each, behind a front, on a clock that only the test moves. */

import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { createFront } from '../../../sandbox/front/front.ts';
import { createRequestHandler } from '../../../sandbox/front/request-handler.ts';
import { createIam } from '../../../sandbox/iam/iam.ts';
import type { PolicyDocument } from '../../../sandbox/policy/document.ts';
import type { Clock, Credentials, FrontOptions } from '../../../sandbox/types.ts';

export const parentId = '111111111111';
export const childId = '222222222222';

export function aWorld(options: Partial<FrontOptions> = {}) {
  let advanced = 0;
  const clock: Clock = { now: () => startedAt + advanced };
  const iam = createIam({ clock });
  iam.addAccount(parentId, { orgId: 'o-parentorg1' });
  iam.addAccount(childId, { orgId: 'o-childorg11' });
  for (const id of [parentId, childId])
    iam.seedUser(id, {
      name: 'admin',
      credentials: adminKeys(id),
      managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'],
    });
  const front = createFront({
    clock,
    iam,
    services: [iam.iamService, iam.stsService],
    control: {},
    ...options,
  });
  const configuration = (credentials: Keys, endpoint = 'http://127.0.0.1') => ({
    region: 'us-east-1',
    endpoint,
    credentials,
    maxAttempts: 1,
    ...(endpoint === 'http://127.0.0.1' && { requestHandler: createRequestHandler(front) }),
  });
  const iamOf = (credentials: Keys, endpoint?: string) => new IAMClient(configuration(credentials, endpoint));
  const stsOf = (credentials: Keys, endpoint?: string) => new STSClient(configuration(credentials, endpoint));
  return {
    clock,
    iam,
    front,
    iamOf,
    stsOf,
    advance: (seconds: number) => {
      advanced += seconds * 1000;
    },
    parent: { keys: adminKeys(parentId), iam: iamOf(adminKeys(parentId)), sts: stsOf(adminKeys(parentId)) },
    child: { keys: adminKeys(childId), iam: iamOf(adminKeys(childId)), sts: stsOf(adminKeys(childId)) },
  };
}

export type Keys = Pick<Credentials, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>;

export function adminKeys(accountId: string) {
  return {
    accessKeyId: `AKIA${accountId}ABCD`,
    secretAccessKey: `secret-of-the-admin-of-${accountId}-0123456`,
  };
}

/** What AssumeRole and CreateAccessKey answer, as clients take it. */
export function keysOf(
  answer:
    | {
        readonly AccessKeyId?: string | undefined;
        readonly SecretAccessKey?: string | undefined;
        readonly SessionToken?: string | undefined;
      }
    | undefined,
): Keys {
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken } = answer ?? {};
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken !== undefined && { sessionToken: SessionToken }),
  };
}

export function trustOf(
  principal: string | readonly string[],
  condition?: Record<string, Record<string, string>>,
): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: principal },
        Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
        ...(condition && { Condition: condition }),
      },
    ],
  });
}

export function rootOf(accountId: string): string {
  return `arn:aws:iam::${accountId}:root`;
}

export function allow(
  action: string | readonly string[],
  resource: string | readonly string[] = '*',
): string {
  const document: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: action, Resource: resource }],
  };
  return JSON.stringify(document);
}

/** What a call was refused with: the error's name as the SDK has it, its status and its message. */
export async function refusalOf(call: Promise<unknown>): Promise<{
  name: string;
  status: number | undefined;
  message: string;
}> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name, status: $metadata?.httpStatusCode, message };
  }
  throw new Error('The call was not refused.');
}

/** Where the clock of every world begins: the real time, because the SDK signs with it. */
export const startedAt = Date.now();
