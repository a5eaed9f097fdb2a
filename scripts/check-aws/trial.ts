/** Share roles on trial: made under a path of their own, tried out as a child would, and taken away again. */

import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  type IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { DescribeEndpointCommand, type SageMakerClient } from '@aws-sdk/client-sagemaker';
import {
  InvokeEndpointAsyncCommand,
  InvokeEndpointCommand,
  InvokeEndpointWithResponseStreamCommand,
  type SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand, GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import type { Mode } from '../../lib/contract/fields.ts';
import type { Share } from '../../lib/grant/grant.ts';
import type { PolicyDocument } from '../../lib/grant/policy-document.ts';

export interface Aws {
  readonly iam: IAMClient;
  readonly sts: STSClient;
  readonly sageMaker: SageMakerClient;
  readonly runtimeAs: (session: Session) => SageMakerRuntimeClient;
}

export interface Patience {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** How long IAM may take to pass a change on before it is taken to have refused it. */
  readonly lagMsMax: number;
}

export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** What came of a call: nothing stood in its way, or the name of the error and what it said. */
export interface Outcome {
  readonly error?: string;
  readonly message?: string;
}

export interface TrialEndpoint {
  readonly name: string;
  readonly region: string;
  /** As SageMaker says it. */
  readonly arn: string;
  readonly isAsync: boolean;
}

const path = '/sharemaker-check/';
const sessionName = 'sharemaker-check';
const lookMs = 1_000;

export type Trial = Awaited<ReturnType<typeof openTrial>>;

/** @param id tells this run's roles from those of others. Throws what AWS throws about the endpoint or the caller. */
export async function openTrial(
  { iam, sts, sageMaker, runtimeAs }: Aws,
  { endpointName, id, patience }: { endpointName: string; id: string; patience: Patience },
) {
  const { now, sleep, lagMsMax } = patience;
  const { Account = '' } = await sts.send(new GetCallerIdentityCommand({}));
  const found = await sageMaker.send(new DescribeEndpointCommand({ EndpointName: endpointName }));
  const endpoint: TrialEndpoint = {
    name: found.EndpointName ?? endpointName,
    region: found.EndpointArn?.split(':')[3] ?? '',
    arn: found.EndpointArn ?? '',
    isAsync: found.AsyncInferenceConfig !== undefined,
  };
  const made = new Set<string>();

  /** @returns the role's name */
  async function make(name: string, trust: PolicyDocument, permission?: PolicyDocument): Promise<string> {
    const RoleName = `sharemaker-check-${id}-${name}`;
    made.add(RoleName); // Before: the answer may be lost.
    await iam.send(
      new CreateRoleCommand({
        RoleName,
        Path: path,
        AssumeRolePolicyDocument: JSON.stringify(trust),
        Description: 'Temporary, of npm run check:aws. May be deleted.',
      }),
    );
    if (permission) await put(RoleName, permission);
    return RoleName;
  }

  async function put(RoleName: string, document: PolicyDocument, PolicyName = 'invoke'): Promise<void> {
    await iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: JSON.stringify(document) }),
    );
  }

  async function trust(RoleName: string, document: PolicyDocument): Promise<void> {
    const PolicyDocument = JSON.stringify(document);
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
  }

  async function assume(
    role: string,
    externalId: string,
    more: { readonly RoleSessionName?: string; readonly SourceIdentity?: string } = {},
  ): Promise<Outcome & { readonly session?: Session }> {
    return outcomeOf(async () => {
      const { Credentials } = await sts.send(
        new AssumeRoleCommand({
          RoleArn: `arn:${partitionOf(endpoint)}:iam::${Account}:role${path}${role}`,
          RoleSessionName: sessionName,
          ExternalId: externalId,
          DurationSeconds: 900,
          ...more,
        }),
      );
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
      return {
        session: {
          accessKeyId: AccessKeyId,
          secretAccessKey: SecretAccessKey,
          sessionToken: SessionToken,
        },
      };
    });
  }

  /** The very probe that decides whether a grant is open: an absent variant, or an absent input object. */
  async function probe(session: Session, mode: Mode): Promise<Outcome> {
    const runtime = runtimeAs(session);
    try {
      return await outcomeOf(async () => {
        await runtime.send(probes[mode](endpoint.name) as InvokeEndpointCommand);
        return {};
      });
    } finally {
      runtime.destroy();
    }
  }

  /** Asks until the answer is the wanted one, or IAM has had its time. */
  async function eventually<T extends Outcome>(
    ask: () => Promise<T>,
    isWanted: (outcome: T) => boolean,
  ): Promise<{ readonly outcome: T; readonly seconds: number }> {
    const began = now();
    for (;;) {
      const outcome = await ask();
      const waited = now() - began;
      if (isWanted(outcome) || waited >= lagMsMax) return { outcome, seconds: waited / 1000 };
      await sleep(lookMs);
    }
  }

  /** @returns the names of roles that could not be taken away */
  async function close(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const RoleName of made) {
      for (const PolicyName of ['invoke', 'deny'])
        await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })).catch(() => undefined);
      await iam.send(new DeleteRoleCommand({ RoleName })).catch((error: Error) => {
        if (error.name !== 'NoSuchEntityException') left.push(RoleName);
      });
    }
    return left;
  }

  return { accountId: Account, endpoint, now, make, put, trust, assume, probe, eventually, close };
}

/** A share of the endpoint with the caller's own account, which is where the check is run from. */
export function shareOn(
  { accountId, endpoint }: Pick<Trial, 'accountId' | 'endpoint'>,
  externalId: string,
  expiresAt: number,
  more: Partial<Share> = {},
): Share {
  return {
    id: 'grt_check',
    endpoint: { ...endpoint, arn: endpoint.arn.toLowerCase(), createdAt: '' },
    child: { accountId },
    modes: ['sync'],
    expiresAt: new Date(expiresAt).toISOString(),
    externalIds: { current: externalId },
    ...more,
  };
}

export function isDenied({ error = '' }: Outcome): boolean {
  return error === 'AccessDenied' || error === 'AccessDeniedException';
}

// --- internal ---

const probes = {
  sync: (EndpointName: string) =>
    new InvokeEndpointCommand({ EndpointName, Body: '', TargetVariant: 'sharemaker-probe-absent' }),
  stream: (EndpointName: string) =>
    new InvokeEndpointWithResponseStreamCommand({
      EndpointName,
      Body: '',
      TargetVariant: 'sharemaker-probe-absent',
    }),
  async: (EndpointName: string) =>
    new InvokeEndpointAsyncCommand({ EndpointName, InputLocation: 's3://SHAREMAKER_PROBE/absent' }),
} as const;

async function outcomeOf<T extends object>(call: () => Promise<T>): Promise<T & Outcome> {
  try {
    return await call();
  } catch (error) {
    const { name, message } = error as Error;
    return { error: name, message } as T & Outcome;
  }
}

function partitionOf({ arn }: TrialEndpoint): string {
  return arn.split(':')[1] ?? 'aws';
}
