/** Starts the stub of AWS and says what a Lambda's environment must hold to reach it. */

import { type Side, startSide } from '../side.ts';
import type { Certificate } from './certificate.ts';

/** Where each service listens. */
export interface StubReady {
  readonly sts: string;
  readonly dynamodb: string;
  readonly sagemaker: string;
}

export interface StubAws extends StubReady {
  /** Of the relay's Lambda and of every SDK client beside it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Requests so far, by service. */
  calls(): Promise<Readonly<Record<keyof StubReady, number>>>;
  stop(): Promise<void>;
}

/** As long as those of STS; whoever calls SageMaker through a role signs and sends one. */
export const sessionToken = 'IQoJb3JpZ2luX2VjEBcaCXVzLWVhc3Qt'.repeat(24);

/** What a share role's session gives to who calls without the relay. */
export const staticCredentials = {
  accessKeyId: 'ASIABENCHBENCHBENCH1',
  secretAccessKey: 'a-secret-of-forty-characters-in-the-bench',
  sessionToken,
};

/** @param certificate every service is then behind TLS */
export async function startStub(certificate?: Certificate): Promise<StubAws> {
  const side: Side<StubReady> = await startSide<StubReady>('relay/stub.ts', {
    ...(certificate && {
      environment: { TLS_KEY_FILE: certificate.keyFile, TLS_CERTIFICATE_FILE: certificate.certificateFile },
    }),
  });
  const { sts, dynamodb, sagemaker } = side.ready;
  return {
    ...side.ready,
    environment: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'ASIABENCHBENCHBENCH0',
      AWS_SECRET_ACCESS_KEY: 'the-secret-of-the-function-s-own-role-000',
      AWS_SESSION_TOKEN: sessionToken,
      AWS_ENDPOINT_URL_STS: sts,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: sagemaker,
      SUBSCRIPTIONS_TABLE: 'subscriptions',
      CHILD_ACCOUNT_ID: '222222222222',
      // Checked as ever, but nobody signed it. Extra authorities would cost time that no Lambda pays.
      ...(certificate && { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' }),
    },
    calls: () => side.ask({}),
    stop: () => side.stop(),
  };
}
