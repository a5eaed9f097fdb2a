/** The broker over real AWS clients, from a Lambda's environment. */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { connectEndpoints, type Endpoints } from './endpoints.ts';
import { connectAnnouncer } from './events.ts';
import { connectGrantStore, type GrantStore } from './grant-store.ts';
import type { Broker } from './lifecycle.ts';
import { connectProber } from './probe.ts';
import { connectShareRole } from './share-role.ts';

export interface ConnectedBroker extends Broker {
  readonly endpoints: Endpoints;
  readonly region: string;
  readonly parentAccountId: string;
  readonly asyncBucket: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** No call may outlive the lease under which it was made: attempts × time each stays below it. */
export const awsCallLimits = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 6_000, throwOnRequestTimeout: true },
} as const;

export function connectBroker(environment: Environment): ConnectedBroker {
  const read = required(environment);
  const region = read('AWS_REGION');
  const clock = { now: () => Date.now(), sleep: (ms: number) => sleep(ms) as Promise<void> };
  return {
    region,
    parentAccountId: read('PARENT_ACCOUNT_ID'),
    asyncBucket: read('ASYNC_BUCKET'),
    proberRoleArn: read('PROBER_ROLE_ARN'),
    clock,
    store: connectGrantStore(connectDynamo(region), read('GRANTS_TABLE')),
    endpoints: connectEndpoints(
      (inRegion) => new SageMakerClient({ region: inRegion, ...awsCallLimits }),
      region,
    ),
    shareRole: connectShareRole(new IAMClient({ region, ...awsCallLimits }), read('BOUNDARY_ARN')),
    prober: connectProber({
      region,
      proberRoleArn: read('PROBER_ROLE_ARN'),
      sts: awsCallLimits,
      runtime: awsCallLimits,
      now: clock.now,
    }),
    announce: connectAnnouncer(new EventBridgeClient({ region, ...awsCallLimits }), read('EVENT_BUS_NAME')),
    newHolder: () => randomUUID(),
  };
}

export function connectEndpointsOfRegion(environment: Environment): Endpoints {
  return connectEndpoints(sageMakerIn, required(environment)('AWS_REGION'));
}

const sageMakerIn = (region: string) => new SageMakerClient({ region, ...awsCallLimits });

/** For the functions that only read. */
export function connectStore(environment: Environment): GrantStore {
  const read = required(environment);
  return connectGrantStore(connectDynamo(read('AWS_REGION')), read('GRANTS_TABLE'));
}

export function connectDynamo(region: string): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(new DynamoDBClient({ region, ...awsCallLimits }), {
    marshallOptions: { removeUndefinedValues: true },
  });
}

/** A deployment that lacks a variable fails when the function starts, and says which. */
export function required(environment: Environment): (name: string) => string {
  return (name) => {
    const value = environment[name];
    if (!value) throw new Error(`The environment variable ${name} is missing.`);
    return value;
  };
}
