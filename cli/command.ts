export interface Command {
  readonly summary: string;
  readonly usage: string;
  /** What to print. Throws UsageError, ClientProblem, or what AWS's credential chain throws. */
  run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string>;
}

/** A mistake in the arguments: the usage is shown, and no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
