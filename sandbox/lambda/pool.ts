import type { Environment, Invocation, Outcome } from './environment.ts';

export interface PooledEnvironment extends Environment {
  /** May it still be given an event? Its credentials must outlive what it is given. */
  isFresh(): boolean;
}

/** The environments of one function: each handles one event at a time, a new one starts when all are busy. */
export interface Pool {
  invoke(invocation: Invocation): Promise<Outcome>;
  readonly environments: ReadonlySet<PooledEnvironment>;
  close(): Promise<void>;
}

/** @param environmentsMax beyond it events wait, where AWS would throttle: a laptop has fewer cores than AWS. */
export function createPool(start: () => PooledEnvironment, environmentsMax: number): Pool {
  const environments = new Set<PooledEnvironment>();
  const idle: PooledEnvironment[] = [];
  const waiting: ((environment: PooledEnvironment) => void)[] = [];

  /** The one used last is used first, so that a quiet function keeps one warm environment. */
  function acquire(): Promise<PooledEnvironment> {
    for (let candidate = idle.pop(); candidate; candidate = idle.pop()) {
      if (candidate.isAlive && candidate.isFresh()) return Promise.resolve(candidate);
      discard(candidate);
    }
    if (environments.size < environmentsMax) return Promise.resolve(grow());
    return new Promise((resolve) => waiting.push(resolve));
  }

  function grow(): PooledEnvironment {
    const environment = start();
    environments.add(environment);
    return environment;
  }

  function release(environment: PooledEnvironment): void {
    const isUsable = environment.isAlive && environment.isFresh();
    if (!isUsable) discard(environment);
    const next = waiting.shift();
    if (next) next(isUsable ? environment : grow());
    else if (isUsable) idle.push(environment);
  }

  function discard(environment: PooledEnvironment): void {
    environments.delete(environment);
    void environment.kill({ errorType: 'Runtime.ExitError', errorMessage: 'The environment was recycled.' });
  }

  return {
    environments,
    async invoke(invocation) {
      const environment = await acquire();
      const { outcome, idle: free } = environment.invoke(invocation);
      void free.then(() => release(environment));
      return outcome;
    },
    async close() {
      const failure = { errorType: 'Runtime.ExitError', errorMessage: 'The sandbox is closing.' };
      await Promise.all([...environments].map((environment) => environment.kill(failure)));
    },
  };
}
