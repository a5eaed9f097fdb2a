import { AwsFault } from '../aws-fault.ts';
import type { StsCall } from './sts.ts';

/**
 * The tags of a new session: those of the request, and those of the caller's own session that are transitive
 * (IAM User Guide, "Passing session tags in AWS STS", "Chaining roles with session tags").
 */
export function sessionTags({ request, input }: StsCall): {
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveKeys: readonly string[];
} {
  const { session } = request.caller;
  const inherited = session?.transitiveTagKeys ?? [];
  const requested = [...input.tags];
  const overridden = requested.find(([key]) => includes(inherited, key));
  if (overridden)
    throw new AwsFault(
      'InvalidParameterValue',
      400,
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  const asked = input.list('TransitiveTagKeys');
  const missing = asked.find((key) => !includes([...input.tags.keys()], key));
  if (missing !== undefined)
    throw new AwsFault(
      'ValidationError',
      400,
      'The specified transitive tag key must be included in the requested tags.',
    );
  const kept = Object.entries(session?.tags ?? {}).filter(([key]) => includes(inherited, key));
  return {
    tags: Object.fromEntries([...kept, ...requested]),
    transitiveKeys: [...inherited, ...asked],
  };
}

function includes(keys: readonly string[], key: string): boolean {
  return keys.some((each) => each.toLowerCase() === key.toLowerCase());
}
