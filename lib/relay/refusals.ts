/** What went wrong on the way to SageMaker, as a refusal in SageMaker's shape. Pure. */

import { AwsError, isThrottle } from './aws-error.ts';
import { Refusal, type RefusalCode, refusal } from './errors.ts';
import { HttpFailure } from './http.ts';
import { gaveUp } from './limits.ts';
import type { SubscriptionRecord } from './subscription.ts';

/** A call to SageMaker that brought no answer. Whether the model may have run decides whether an SDK may repeat it. */
export function refusalOfRuntime(
  failure: HttpFailure,
  subscription: SubscriptionRecord,
  waitedMs: number,
): Refusal {
  const { name } = subscription.endpoint;
  const [code, message, outcome] = (
    {
      timeout: ['ModelError', gaveUp(name, waitedMs), 'timeout'],
      gone: ['ModelError', 'The caller has gone.', 'client-left'],
      'too-large': ['ModelError', `Endpoint ${name} answered with more than 25 MB.`, 'failed'],
      unreachable: ['ServiceUnavailable', 'SageMaker could not be reached; the model did not run.'],
      broken: [
        'InternalDependencyException',
        `The connection to endpoint ${name} broke before its answer was whole. The model may have run.`,
      ],
    } as const satisfies Record<HttpFailure['kind'], readonly [RefusalCode, string, string?]>
  )[failure.kind];
  return refusal(code, message, { cause: failure, ...(outcome && { outcome }) });
}

/** A share role that could not be assumed. */
export function refusalOfSession(error: unknown, { alias, grantId }: SubscriptionRecord): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof AwsError && error.$metadata.httpStatusCode < 500 && !isThrottle(error.name))
    return refusal(
      'AccessDeniedException',
      `The share role of grant ${grantId} behind alias ${alias} did not let the relay in (${error.name}). ` +
        'The grant may be suspended or revoked; ask the parent account.',
      { cause: error },
    );
  return refusal('ServiceUnavailable', 'AWS STS did not answer; the model did not run.', {
    cause: error,
  });
}

/** Everything else that is ours: the subscriptions table, or a fault of the relay. */
export function refusalOfAny(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof AwsError || error instanceof HttpFailure)
    return refusal(
      'ServiceUnavailable',
      'An AWS service that the relay needs did not answer; the model did not run.',
      { cause: error },
    );
  return refusal('InternalFailure', 'The relay failed.', { cause: error });
}
