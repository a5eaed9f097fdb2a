/** The three accounts of the tour, each with its own keys, and nothing but AWS's own protocols between them. */

import { GetRoleCommand, GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type Answer, type Call, type Keys, signedFetch } from './signed-fetch.ts';

/** What `npm run sandbox` writes into its ready file. */
export interface Place {
  readonly region: string;
  readonly awsEndpointUrl: string;
  readonly parent: Account & { readonly apiUrl: string };
  readonly child: Account & { readonly apiUrl: string };
  readonly outsider: Account;
  readonly controlUrl: string;
}

export interface Account {
  readonly accountId: string;
  readonly credentials: Keys;
}

export interface Player {
  readonly accountId: string;
  /** One of Sharemaker's own APIs. */
  call(url: string, call?: Call): Promise<Answer>;
  /** The AWS SDK, with nothing of Sharemaker's in between. Both answer AWS's refusal as text instead of throwing it. */
  assume(roleArn: string, externalId: string): Promise<{ keys?: Keys; refusal?: string }>;
  invoke(endpointName: string, body: string, keys?: Keys): Promise<{ prediction?: string; refusal?: string }>;
}

export function player(place: Place, account: Account): Player {
  const settings = { region: place.region, endpoint: place.awsEndpointUrl, maxAttempts: 1 };
  const { accountId, credentials } = account;
  return {
    accountId,
    call: (url, call = {}) => signedFetch(url, call, credentials, place.region),

    async assume(roleArn, externalId) {
      const sts = new STSClient({ ...settings, credentials });
      return sts
        .send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'tour', ExternalId: externalId }))
        .then(({ Credentials }) => ({
          keys: {
            accessKeyId: Credentials?.AccessKeyId ?? '',
            secretAccessKey: Credentials?.SecretAccessKey ?? '',
            sessionToken: Credentials?.SessionToken ?? '',
          },
        }))
        .catch((error: Error) => ({ refusal: `${error.name}: ${error.message}` }));
    },

    async invoke(endpointName, body, keys = credentials) {
      const runtime = new SageMakerRuntimeClient({ ...settings, credentials: keys });
      return runtime
        .send(
          new InvokeEndpointCommand({
            EndpointName: endpointName,
            Body: body,
            ContentType: 'text/csv',
            Accept: 'text/csv',
          }),
        )
        .then(({ Body }) => ({
          prediction: Buffer.from(Body ?? [])
            .toString()
            .trim(),
        }))
        .catch((error: Error) => ({ refusal: `${error.name}: ${error.message}` }));
    },
  };
}

/** The parent's administrator at the IAM console. */
export function iamConsole(place: Place) {
  const iam = new IAMClient({
    region: place.region,
    endpoint: place.awsEndpointUrl,
    credentials: place.parent.credentials,
  });
  const read = (document: string | undefined) => JSON.parse(decodeURIComponent(document ?? '{}'));
  return {
    async trustOf(roleName: string) {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: roleName }));
      return read(Role?.AssumeRolePolicyDocument);
    },
    async policyOf(roleName: string, policyName: string) {
      const { PolicyDocument } = await iam.send(
        new GetRolePolicyCommand({ RoleName: roleName, PolicyName: policyName }),
      );
      return read(PolicyDocument);
    },
    async putPolicy(roleName: string, policyName: string, document: unknown) {
      await iam.send(
        new PutRolePolicyCommand({
          RoleName: roleName,
          PolicyName: policyName,
          PolicyDocument: JSON.stringify(document),
        }),
      );
    },
  };
}
