/** A share that works, from grant to alias, made through the two APIs as people make it. */

import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { Grant } from '../../lib/contract/grant.ts';
import type { Subscription } from '../../lib/contract/subscription.ts';
import type { TestSandbox } from './sandbox.ts';
import { type Keys, signedFetch, signedResponse } from './signed-fetch.ts';

export interface Share {
  readonly grant: Grant;
  readonly subscription: Subscription;
  readonly alias: string;
}

export interface Headers {
  readonly [name: string]: string;
}

/** Waits until the grant is active, which takes one step of the schedule at most. */
export async function anActiveGrant(
  sandbox: TestSandbox,
  endpointName: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Grant> {
  const { json, status, text } = await sandbox.asParent.post<Grant>('/grants', {
    endpoint: { name: endpointName },
    child: { accountId: sandbox.describe.child.accountId },
    ...more,
  });
  if (status !== 201) throw new Error(`create-grant: ${text}`);
  let grant = json;
  for (let step = 0; grant.status === 'provisioning' && step < 10; step += 1) {
    await sandbox.runSchedule('advance-grants');
    grant = (await sandbox.asParent.get<Grant>(`/grants/${grant.id}`)).json;
  }
  if (grant.status !== 'active') throw new Error(`the grant is ${grant.status}`);
  return grant;
}

export function offerUrlOf(sandbox: TestSandbox, { id }: Pick<Grant, 'id'>): string {
  return `${sandbox.describe.parent.apiUrl}/offers/${id}`;
}

export async function aShare(
  sandbox: TestSandbox,
  alias: string,
  endpointName: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Share> {
  const grant = await anActiveGrant(sandbox, endpointName, more);
  const { status, json, text } = await sandbox.asChild.post<Subscription>('/subscriptions', {
    alias,
    offerUrl: offerUrlOf(sandbox, grant),
  });
  if (status !== 201) throw new Error(`accept-offer: ${text}`);
  return { grant, subscription: json, alias };
}

/** The share role's keys, taken by hand: what the manual recipe works with. */
export async function shareRoleKeys(sandbox: TestSandbox, grant: Grant): Promise<Required<Keys>> {
  const sts = new STSClient(sandbox.asChild.sdk);
  const { Credentials: keys } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: grant.role.arn,
      ExternalId: grant.externalId,
      // AWS's refusals quote it; the relay takes the same.
      RoleSessionName: grant.id,
    }),
  );
  if (!keys?.AccessKeyId || !keys.SecretAccessKey || !keys.SessionToken) throw new Error('no keys');
  return {
    accessKeyId: keys.AccessKeyId,
    secretAccessKey: keys.SecretAccessKey,
    sessionToken: keys.SessionToken,
  };
}

/** The same request to SageMaker itself, with the share role's keys. */
export function direct(
  sandbox: TestSandbox,
  path: string,
  keys: Keys,
  call: { headers?: Headers; body?: string | Uint8Array },
) {
  const { awsEndpointUrl, region } = sandbox.describe;
  return signedFetch('POST', awsEndpointUrl + path, {
    ...call,
    credentials: keys,
    region,
    service: 'sagemaker',
  });
}

/** A relayed request whose body has not been read yet. */
export function relayedResponse(
  sandbox: TestSandbox,
  path: string,
  call: { headers?: Headers; body?: string | Uint8Array; signal?: AbortSignal },
): Promise<Response> {
  const { child, region } = sandbox.describe;
  return signedResponse('POST', child.apiUrl + path, { ...call, credentials: child.credentials, region });
}
