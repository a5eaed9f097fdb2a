import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { Stack, StackFunction } from '../stack/stack.ts';
import type { ControlRoutes, Iam } from '../types.ts';
import { type Outcome, startEnvironment } from './environment.ts';
import { createPool, type Pool, type PooledEnvironment } from './pool.ts';
import { environmentVariables } from './variables.ts';

/** The Lambda service of all accounts. */
export interface Lambda {
  /** @param bundles handler file → bundle, as `bundle` answers */
  deploy(stack: Stack, bundles: ReadonlyMap<string, string>): void;
  /** @param name as Lambda knows it, `sharemaker-dev-create-grant` @throws Error when there is no such function */
  invoke(accountId: string, name: string, event: unknown, signal?: AbortSignal): Promise<Outcome>;
  /** Whose credentials these are, its own or those of roles it assumed: the function's operation, `create-grant`. */
  functionOf(accessKeyId: string): string | undefined;
  /** Kills the environment that holds these credentials. */
  crash(accessKeyId: string): void;
  /** What functions wrote to stdout and stderr, oldest first; bounded. */
  readonly logs: readonly LogLine[];
  readonly controlRoutes: ControlRoutes;
  close(): Promise<void>;
}

export interface LogLine {
  readonly at: string;
  /** The operation, `create-grant`. */
  readonly function: string;
  readonly requestId?: string;
  readonly line: string;
}

export interface LambdaOptions {
  readonly clock: SandboxClock;
  readonly iam: Pick<Iam, 'serviceSession' | 'findKey'>;
  /** Where every AWS service answers; known once the sandbox listens. */
  readonly endpointUrl: () => string;
  readonly environmentsMax?: number;
  /** Hears every line, also those that the log has no place for. */
  readonly onLine?: (line: LogLine) => void;
}

const credentialsLiveSeconds = 12 * 3600;
const linesMax = 20_000;

export function createLambda(options: LambdaOptions): Lambda {
  const { clock, iam, endpointUrl, environmentsMax = 10 } = options;
  const functions = new Map<
    string,
    { readonly entry: StackFunction; readonly stack: Stack; readonly pool: Pool }
  >();
  /** Access key id → its environment. */
  const holders = new Map<string, { readonly key: string; readonly environment: PooledEnvironment }>();
  const logs: LogLine[] = [];

  function start(entry: StackFunction, stack: Stack, bundlePath: string): PooledEnvironment {
    const credentials = iam.serviceSession(entry.roleArn, entry.name, credentialsLiveSeconds);
    const environment = startEnvironment({
      bundlePath,
      handlerName: entry.handler.split('.').at(-1)!,
      variables: environmentVariables({ entry, stack, credentials, endpointUrl: endpointUrl() }),
      memoryMb: entry.memoryMb,
      clockOffset: clock.offset,
      onLine(line, requestId) {
        if (logs.length >= linesMax) logs.splice(0, linesMax / 10);
        const at = new Date(clock.now()).toISOString();
        const written = { at, function: entry.key, ...(requestId && { requestId }), line };
        logs.push(written);
        options.onLine?.(written);
      },
    });
    const pooled: PooledEnvironment = {
      get isAlive() {
        return environment.isAlive;
      },
      invoke: environment.invoke,
      kill: environment.kill,
      // AWS replaces an environment before its credentials end.
      isFresh: () => credentials.expiresAt! - clock.now() > entry.timeoutMs + 60_000,
    };
    holders.set(credentials.accessKeyId, { key: entry.key, environment: pooled });
    return pooled;
  }

  function holderOf(accessKeyId: string) {
    let id: string | undefined = accessKeyId;
    while (id !== undefined && !holders.has(id)) id = iam.findKey(id)?.caller.session?.assumedWith;
    return id === undefined ? undefined : holders.get(id);
  }

  return {
    deploy(stack, bundles) {
      for (const entry of stack.functions) {
        const bundlePath = bundles.get(handlerFile(entry));
        if (!bundlePath) throw new Error(`The function ${entry.key} has no bundle of ${handlerFile(entry)}.`);
        const pool = createPool(() => start(entry, stack, bundlePath), environmentsMax);
        functions.set(functionId(stack.accountId, entry.name), { entry, stack, pool });
      }
    },
    async invoke(accountId, name, event, signal) {
      const found = functions.get(functionId(accountId, name));
      if (!found) throw new Error(`Function not found: ${name} of account ${accountId}`);
      const { entry, stack, pool } = found;
      const context = {
        awsRequestId: randomUUID(),
        functionName: name,
        functionVersion: '$LATEST',
        invokedFunctionArn: `arn:aws:lambda:${stack.region}:${accountId}:function:${name}`,
        memoryLimitInMB: String(entry.memoryMb),
        logGroupName: `/aws/lambda/${name}`,
        logStreamName: 'sandbox',
      };
      return pool.invoke({ event, context, timeoutMs: entry.timeoutMs, ...(signal && { signal }) });
    },
    functionOf: (accessKeyId) => holderOf(accessKeyId)?.key,
    crash(accessKeyId) {
      const failure = {
        errorType: 'Runtime.ExitError',
        errorMessage: 'Runtime exited with error: signal: killed',
      };
      void holderOf(accessKeyId)?.environment.kill(failure);
    },
    logs,
    controlRoutes: {
      'GET /logs': ({ query }) => {
        const name = query.get('function');
        return { logs: name ? logs.filter((line) => line.function === name) : logs };
      },
      'DELETE /logs': () => {
        logs.length = 0;
        return {};
      },
    },
    async close() {
      await Promise.all([...functions.values()].map(({ pool }) => pool.close()));
    },
  };
}

/** `functions/parent/create-grant.handler` → `functions/parent/create-grant.ts` */
export function handlerFile(entry: Pick<StackFunction, 'handler'>): string {
  return entry.handler.replace(/\.[^.]+$/, '.ts');
}

function functionId(accountId: string, name: string): string {
  return `${accountId} ${name}`;
}
