/**
 * Harmless calls that show whether access is open or shut. No model runs: the invocation names a production variant,
 * or an input object, that does not exist, and SageMaker authorizes before it looks.
 */

import {
  InvokeEndpointAsyncCommand,
  InvokeEndpointCommand,
  InvokeEndpointWithResponseStreamCommand,
  SageMakerRuntimeClient,
  type SageMakerRuntimeClientConfig,
} from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import type { Mode } from '../contract/fields.ts';
import type { GrantRecord } from './grant.ts';
import { probeSessionName } from './policies.ts';

export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** `unclear`: the call failed in a way that says nothing about access, such as a throttle or a timeout. */
export type Answer = 'allowed' | 'denied' | 'unclear';

export interface Prober {
  /** AssumeRole as the parent's prober, with the external id given. */
  assume(record: GrantRecord, externalId: string): Promise<{ answer: Answer; session?: Session }>;
  invoke(record: GrantRecord, mode: Mode, session: Session, endpointName?: string): Promise<Answer>;
}

const probeVariant = 'sharemaker-probe-absent';
/** No bucket can have such a name (S3 User Guide, "Bucket naming rules"), so nobody can put an input there for a model to run on. */
const probeObject = 's3://SHAREMAKER_PROBE/absent';

export function connectProber(options: {
  readonly region: string;
  readonly proberRoleArn: string;
  readonly sts?: STSClientConfig;
  readonly runtime?: SageMakerRuntimeClientConfig;
  readonly now: () => number;
}): Prober {
  const { region, proberRoleArn, now } = options;
  const own = new STSClient({ region, ...options.sts });
  let prober: { sts: STSClient; until: number } | undefined;

  /** The prober role's session lasts 15 minutes, the least STS allows; it is used for 10. */
  const asProber = async (): Promise<STSClient> => {
    if (prober && prober.until > now()) return prober.sts;
    const { Credentials } = await own.send(
      new AssumeRoleCommand({ RoleArn: proberRoleArn, RoleSessionName: 'sharemaker', DurationSeconds: 900 }),
    );
    prober = {
      sts: new STSClient({ region, ...options.sts, credentials: sessionOf(Credentials) }),
      until: now() + 600_000,
    };
    return prober.sts;
  };

  const runtimeAs = (credentials: Session, inRegion: string) =>
    new SageMakerRuntimeClient({ ...options.runtime, region: inRegion, credentials, maxAttempts: 1 });

  return {
    async assume(record, externalId) {
      const sts = await asProber();
      try {
        const { Credentials } = await sts.send(
          new AssumeRoleCommand({
            RoleArn: record.role.arn,
            RoleSessionName: probeSessionName,
            ExternalId: externalId,
            DurationSeconds: 900,
          }),
        );
        return { answer: 'allowed', session: sessionOf(Credentials) };
      } catch (error) {
        return { answer: nameOf(error) === 'AccessDenied' ? 'denied' : 'unclear' };
      }
    },

    async invoke(record, mode, session, endpointName = record.endpoint.name) {
      const runtime = runtimeAs(session, record.endpoint.region);
      try {
        await runtime.send(probeCommands[mode](record, endpointName) as InvokeEndpointCommand);
        return 'allowed';
      } catch (error) {
        return answers[nameOf(error)] ?? 'unclear';
      } finally {
        runtime.destroy();
      }
    },
  };
}

/** Only what SageMaker says after it has authorized the call counts as allowed. */
const answers: Readonly<Record<string, Answer>> = {
  ValidationError: 'allowed',
  ValidationException: 'allowed',
  ModelError: 'allowed',
  ModelNotReadyException: 'allowed',
  AccessDeniedException: 'denied',
  AccessDenied: 'denied',
};

const probeCommands: Readonly<
  Record<
    Mode,
    (
      record: GrantRecord,
      EndpointName: string,
    ) => InvokeEndpointCommand | InvokeEndpointWithResponseStreamCommand | InvokeEndpointAsyncCommand
  >
> = {
  sync: (record, EndpointName) =>
    new InvokeEndpointCommand({ EndpointName, Body: '', TargetVariant: probeVariant, ...modelFor(record) }),
  stream: (_record, EndpointName) =>
    new InvokeEndpointWithResponseStreamCommand({ EndpointName, Body: '', TargetVariant: probeVariant }),
  async: (_record, EndpointName) =>
    new InvokeEndpointAsyncCommand({ EndpointName, InputLocation: probeObject }),
};

/** A grant limited to some models is open only for those: name one that its first pattern admits, and no longer than it. */
function modelFor(record: GrantRecord): { TargetModel?: string } {
  const [pattern] = record.targets?.models ?? [];
  return pattern ? { TargetModel: pattern.replaceAll(/[*?]/g, 'x') } : {};
}

function sessionOf(
  credentials:
    | {
        AccessKeyId?: string | undefined;
        SecretAccessKey?: string | undefined;
        SessionToken?: string | undefined;
      }
    | undefined,
): Session {
  const { AccessKeyId, SecretAccessKey, SessionToken } = credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken) throw new Error('STS answered without credentials.');
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
