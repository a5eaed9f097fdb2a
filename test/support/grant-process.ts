/**
 * One life of one of the parent's Lambdas: the broker over AWS clients that reach the sandbox in process. The test may
 * watch every AWS call, hold it, break it, or end the life at it.
 */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { connectEndpoints, type Endpoints } from '../../lib/grant/endpoints.ts';
import { connectAnnouncer } from '../../lib/grant/events.ts';
import { connectGrantStore } from '../../lib/grant/grant-store.ts';
import type { Broker } from '../../lib/grant/lifecycle.ts';
import { connectProber } from '../../lib/grant/probe.ts';
import { connectShareRole } from '../../lib/grant/share-role.ts';
import { createRequestHandler } from '../../sandbox/front/request-handler.ts';
import type { Credentials, Front, Service } from '../../sandbox/types.ts';
import type { ManualClock } from './manual-clock.ts';
import type { CommandInput, MemoryTable } from './memory-table.ts';

export interface TestBroker extends Broker {
  readonly endpoints: Endpoints;
  readonly clock: ManualClock;
  readonly asyncBucket: string;
  /** Every AWS call so far, each attempt on its own. */
  readonly calls: readonly AwsCall[];
  /** What the work answers; `crashed` when a fault ended this life first. */
  live<T>(work: Promise<T>): Promise<T | 'crashed'>;
}

export interface AwsCall {
  /** Counts from 1. */
  readonly index: number;
  readonly service: string;
  readonly operation: string;
}

/** `crash-before`, `crash-after`: the process is gone, the call without or with its effect. The others as in sandbox/types.ts. */
export type CallFault = 'throttle' | 'error' | 'timeout' | 'lost-reply' | 'crash-before' | 'crash-after';

export interface ProcessOptions {
  /** Whose execution role; that of create-grant, which may do what most may, unless given. */
  readonly as?: string;
  readonly faultAt?: (call: AwsCall) => CallFault | undefined;
  /** Holds the process at a call that has no effect yet: it is on its way. */
  readonly holdBefore?: (call: AwsCall) => Promise<void> | undefined;
  /** Holds the process at a call, when its effect is there. */
  readonly holdAfter?: (call: AwsCall) => Promise<void> | undefined;
  /** As the clients are deployed: 3. With 1, the default, every failure shows. */
  readonly attempts?: number;
  /** What each call costs on the clock. */
  readonly latencyMs?: () => number;
  /** The sandbox's own DynamoDB, permissions and all; `memory`, the default, is ten times faster. */
  readonly tables?: 'memory' | 'sandbox';
}

export interface Surroundings {
  readonly front: Front;
  readonly services: readonly Service[];
  readonly clock: ManualClock;
  readonly environment: Readonly<Record<string, string>>;
  readonly grants: MemoryTable;
  keysOf(operation: string): Credentials;
}

export const region = 'us-east-1';

export function startProcess(around: Surroundings, options: ProcessOptions): TestBroker {
  const { as = 'create-grant', attempts = 1, tables = 'memory', latencyMs = () => 0 } = options;
  const { front, clock, environment, services, grants } = around;
  const calls: AwsCall[] = [];
  const death = Promise.withResolvers<'crashed'>();
  let isDead = false;

  /** One attempt at one call, with whatever is to happen to it. */
  const attempt = async <T>(
    service: string,
    operation: string,
    call: (fault?: Exclude<CallFault, 'crash-before' | 'crash-after'>) => Promise<T> | T,
  ): Promise<T> => {
    const made = { index: calls.length + 1, service, operation };
    calls.push(made);
    await clock.sleep(latencyMs());
    const fault = options.faultAt?.(made);
    const isCrash = fault === 'crash-before' || fault === 'crash-after';
    if (isDead || fault === 'crash-before') return crash();
    await options.holdBefore?.(made);
    const answer = await call(isCrash ? undefined : fault);
    if (fault === 'crash-after') return crash();
    await options.holdAfter?.(made);
    return answer;
  };
  /** Nothing more is heard of this process: the promise never settles. */
  const crash = (): Promise<never> => {
    isDead = true;
    death.resolve('crashed');
    return new Promise<never>(() => {});
  };

  const handle: Front['handle'] = (request) => {
    const service = scopeOf(request.headers);
    const operation = services.find(({ scopes }) => scopes.includes(service))?.operationOf(request) ?? '';
    return attempt(service, operation, (fault) => {
      if (fault) front.addFault({ service, operation, nth: 1, fault });
      return front.handle(request);
    });
  };
  let keys: Credentials | undefined;
  /** Renewed by the world's clock, which the SDK does not know. */
  const credentials = async () => {
    if (!keys || (keys.expiresAt ?? 0) - clock.now() < 300_000) keys = around.keysOf(as);
    return keys;
  };
  const client = clientConfig({ handle }, credentials, attempts);
  const dynamo =
    tables === 'sandbox'
      ? DynamoDBDocumentClient.from(new DynamoDBClient(client), {
          marshallOptions: { removeUndefinedValues: true },
        })
      : memoryClient(grants, attempt, attempts);
  const read = (name: string) => environment[name] ?? '';
  const proberRoleArn = read('PROBER_ROLE_ARN');
  return {
    calls,
    live: (work) => Promise.race([work, death.promise]),
    clock,
    proberRoleArn,
    asyncBucket: read('ASYNC_BUCKET'),
    store: connectGrantStore(dynamo, read('GRANTS_TABLE')),
    endpoints: connectEndpoints((inRegion) => new SageMakerClient({ ...client, region: inRegion }), region),
    shareRole: connectShareRole(new IAMClient(client), read('BOUNDARY_ARN')),
    prober: connectProber({ region, proberRoleArn, sts: client, runtime: client, now: clock.now }),
    announce: connectAnnouncer(new EventBridgeClient(client), read('EVENT_BUS_NAME')),
    newHolder: () => `holder-${++holders}`,
  };
}

let holders = 0;

/** What an SDK client needs to reach the sandbox in process. */
export function clientConfig(
  front: Pick<Front, 'handle'>,
  keys: () => Promise<Pick<Credentials, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>>,
  attempts = 1,
) {
  return {
    region,
    endpoint: 'http://127.0.0.1',
    requestHandler: createRequestHandler(front),
    retryStrategy: retriesAtOnce(attempts),
    // Said here, so that no client looks for them in the environment and in files.
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    defaultsMode: 'standard' as const,
    userAgentAppId: 'test',
    // An expiry in the past makes the SDK ask each time; STS sessions live by the world's clock.
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = await keys();
      return {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken !== undefined && { sessionToken }),
        expiration: new Date(0),
      };
    },
  };
}

/** The SDK's standard rules of what is tried again, without its pauses. */
function retriesAtOnce(attempts: number) {
  const token = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });
  return {
    mode: 'standard',
    acquireInitialRetryToken: async () => token(0),
    refreshRetryTokenForRetry: async (
      before: { getRetryCount(): number },
      { errorType }: { errorType: string },
    ) => {
      const count = before.getRetryCount() + 1;
      if (errorType === 'CLIENT_ERROR' || count >= attempts) throw new Error('No more attempts.');
      return token(count);
    },
    recordSuccess: () => {},
  };
}

type Attempt = <T>(service: string, operation: string, call: (fault?: string) => T) => Promise<T>;

/** A document client whose table is in memory, with the faults that a real one would show. */
function memoryClient(table: MemoryTable, attempt: Attempt, attempts: number): DynamoDBDocumentClient {
  const send = async (command: { readonly input: CommandInput; readonly constructor: { name: string } }) => {
    const name = command.constructor.name.replace(/Command$/, '');
    for (let left = attempts; ; left--) {
      try {
        return await attempt('dynamodb', operationNames[name] ?? name, (fault) => {
          if (fault && fault !== 'lost-reply') throw failures[fault];
          const answer = table.run(name, command.input);
          if (fault) throw failures[fault];
          return answer;
        });
      } catch (error) {
        const isInjected = Object.values(failures).includes(error as Error);
        if (left <= 1 || !isInjected) throw error;
      }
    }
  };
  return { send } as unknown as DynamoDBDocumentClient;
}

const operationNames: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  BatchGet: 'BatchGetItem',
};

const failures: Readonly<Record<string, Error>> = Object.fromEntries(
  [
    ['throttle', 'ThrottlingException'],
    ['error', 'InternalServerError'],
    ['timeout', 'TimeoutError'],
    ['lost-reply', 'ECONNRESET'],
  ].map(([fault, name]) => [fault, Object.assign(new Error(fault), { name, $metadata: {} })]),
);

function scopeOf(headers: Readonly<Record<string, string>>): string {
  return /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers['authorization'] ?? '')?.[1] ?? '';
}
