import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { expect } from 'vitest';
import type { TestSandbox } from '../../support/sandbox.ts';

/** Alias → the endpoint behind it, as docs/clients.md has them. */
const shared = {
  iris: { endpoint: 'Iris-Classifier', modes: ['sync'] },
  storyteller: { endpoint: 'storyteller', modes: ['sync', 'stream'] },
  'iris-async': { endpoint: 'Iris-Classifier-Async', modes: ['async'] },
} as const;

export type Alias = keyof typeof shared;

/** Grants these endpoints to the child, which accepts them. Answers the grants' ids. */
export async function share<Name extends Alias>(
  { asParent, asChild, describe: { parent, child } }: TestSandbox,
  aliases: readonly Name[],
): Promise<Record<Name, string>> {
  const grants = await Promise.all(
    aliases.map(async (alias) => {
      const { endpoint, modes } = shared[alias];
      const grant = await asParent.post<{ id: string; status: string }>('/grants', {
        endpoint: { name: endpoint },
        child: { accountId: child.accountId },
        modes,
      });
      expect([grant.status, grant.json.status]).toEqual([201, 'active']);
      const offerUrl = `${parent.apiUrl}/offers/${grant.json.id}`;
      const accepted = await asChild.post('/subscriptions', { alias, offerUrl });
      expect([accepted.status, accepted.json['status']]).toEqual([201, 'active']);
      return [alias, grant.json.id] as const;
    }),
  );
  return Object.fromEntries(grants) as Record<Name, string>;
}

/** What the storyteller tells of a river, asked by its own account and with nothing in between. */
export async function storyOfARiver({ asParent }: TestSandbox): Promise<string> {
  const { Body } = await new SageMakerRuntimeClient(asParent.sdk).send(
    new InvokeEndpointCommand({
      EndpointName: 'storyteller',
      ContentType: 'application/json',
      Body: JSON.stringify({ prompt: 'a river' }),
    }),
  );
  const story = Body?.transformToString() ?? '';
  expect(story.length).toBeGreaterThan(100);
  return story;
}

/** A user of the child's account who may do what the policy says and nothing else. */
export async function childUser(
  { asChild }: TestSandbox,
  name: string,
  policy: string,
): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const iam = new IAMClient(asChild.sdk);
  await iam.send(new CreateUserCommand({ UserName: name }));
  await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: name, PolicyDocument: policy }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
  return {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  };
}
