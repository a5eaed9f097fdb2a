import { createClock, type SandboxClock } from '../../../sandbox/clock.ts';
import { bundle } from '../../../sandbox/lambda/bundle.ts';
import type { Outcome } from '../../../sandbox/lambda/environment.ts';
import { createLambda, handlerFile, type Lambda } from '../../../sandbox/lambda/lambda.ts';
import type { Stack, StackFunction } from '../../../sandbox/stack/stack.ts';
import type { KeyRecord } from '../../../sandbox/types.ts';

const repository = new URL('../../../', import.meta.url).pathname;
const accountId = '111111111111';

/** A Lambda service with the functions of ./fixtures, and keys that lead nowhere. */
export async function aLambda(options: { environmentsMax?: number; timeoutMs?: number } = {}): Promise<{
  readonly lambda: Lambda;
  readonly clock: SandboxClock;
  /** Access key ids in the order they were handed out. */
  readonly keys: readonly string[];
  /** A session that was assumed with the first key. */
  readonly chain: (accessKeyId: string) => KeyRecord;
  invoke(name: string, event: unknown): Promise<Outcome>;
}> {
  const clock = createClock();
  const keys: string[] = [];
  const chained: Record<string, KeyRecord> = {};
  const lambda = createLambda({
    clock,
    iam: {
      findKey: (accessKeyId) => chained[accessKeyId],
      serviceSession(roleArn, _sessionName, seconds) {
        keys.push(`ASIA${roleArn.split('/').at(-1)}${keys.length}`);
        const expiresAt = clock.now() + seconds * 1000;
        return { accessKeyId: keys.at(-1)!, secretAccessKey: 'secret', sessionToken: 'token', expiresAt };
      },
    },
    endpointUrl: () => 'http://127.0.0.1:1',
    ...(options.environmentsMax !== undefined && { environmentsMax: options.environmentsMax }),
  });
  const functions = ['handler', 'streaming', 'callback', 'missing'].map((name) =>
    aFunction({
      key: name,
      name,
      handler: `test/sandbox/lambda/fixtures/functions/answers.${name}`,
      ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    }),
  );
  lambda.deploy(aStack(functions), await bundle([handlerFile(functions[0]!)], repository));
  const chain = (accessKeyId: string) => {
    const assumedWith = keys[0]!;
    const session = { name: 's', issuedAt: 0, expiresAt: 0, policies: [], tags: {}, assumedWith };
    const arn = 'arn:aws:sts::111111111111:assumed-role/r/s';
    const caller = {
      type: 'AssumedRole',
      accountId,
      arn,
      principalArn: arn,
      userId: 'AROA:s',
      accessKeyId,
      session,
    } as const;
    chained[accessKeyId] = { secretAccessKey: 'secret', caller };
    return chained[accessKeyId];
  };
  return { lambda, clock, keys, chain, invoke: (name, event) => lambda.invoke(accountId, name, event) };
}

export function aFunction(overrides: Partial<StackFunction> & Pick<StackFunction, 'handler'>): StackFunction {
  return {
    key: 'handler',
    name: 'handler',
    roleArn: `arn:aws:iam::${accountId}:role/${overrides.name ?? 'handler'}`,
    environment: { MINE: 'yes' },
    timeoutMs: 5_000,
    memoryMb: 128,
    routes: [],
    schedules: [],
    ...overrides,
  };
}

export function aStack(functions: readonly StackFunction[], overrides: Partial<Stack> = {}): Stack {
  return {
    accountId,
    region: 'us-east-1',
    stage: 'dev',
    functions,
    resourcePolicy: { Version: '2012-10-17', Statement: [] },
    roles: [],
    managedPolicies: [],
    tables: [],
    eventBuses: [],
    topics: [],
    buckets: [],
    gatewayResponses: {},
    ...overrides,
  };
}
