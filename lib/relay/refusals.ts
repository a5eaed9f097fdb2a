/** What went wrong on the way to SageMaker, as a refusal in SageMaker's shape. Pure. */

import { AwsError, isThrottle } from './aws-error.ts';
import { Refusal, refusal } from './errors.ts';
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
  switch (failure.kind) {
    case 'timeout':
      return refusal('ModelError', gaveUp(name, waitedMs), { outcome: 'timeout', cause: failure });
    case 'unreachable':
      return refusal(
        'ServiceUnavailable',
        `SageMaker could not be reached in Region ${subscription.endpoint.region}; the model did not run.`,
        { outcome: 'failed', cause: failure },
      );
    case 'too-large':
      return refusal('ModelError', `Endpoint ${name} answered with more than 25 MB. The model has run.`, {
        outcome: 'failed',
        cause: failure,
      });
    case 'gone':
      return refusal('ModelError', 'The caller has gone.', { outcome: 'client-left', cause: failure });
    case 'broken':
      return refusal(
        'InternalDependencyException',
        `The connection to endpoint ${name} broke before its answer was whole. The model may have run.`,
        { outcome: 'failed', cause: failure },
      );
  }
}

/** A share role that could not be assumed. */
export function refusalOfSession(error: unknown, { alias, grantId }: SubscriptionRecord): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof AwsError && error.$metadata.httpStatusCode < 500 && !isThrottle(error.name))
    return refusal(
      'AccessDeniedException',
      `The share role of grant ${grantId} behind alias ${alias} did not let the relay in (${error.name}). The grant ` +
        'may have been suspended or revoked, or does not admit the relay; ask the parent account.',
      { outcome: 'denied', cause: error },
    );
  return refusal('ServiceUnavailable', 'AWS STS did not answer; the model did not run. Try again.', {
    outcome: 'failed',
    cause: error,
  });
}

/** Everything else that is ours: the subscriptions table, or a fault of the relay. */
export function refusalOfAny(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof AwsError || error instanceof HttpFailure)
    return refusal(
      'ServiceUnavailable',
      'An AWS service that the relay needs did not answer; the model did not run. Try again.',
      { outcome: 'failed', cause: error },
    );
  return refusal('InternalFailure', 'The relay failed.', { outcome: 'failed', cause: error });
}
