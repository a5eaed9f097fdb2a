/** What went wrong on the way to SageMaker, as a refusal in SageMaker's shape. Pure. */

import { AwsError, isThrottle } from './aws-error.ts';
import { Refusal, type RefusalCode, refusal } from './errors.ts';
import { HttpFailure } from './http.ts';
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
      timeout: [
        'ModelError',
        `Endpoint ${name} did not answer within ${(waitedMs / 1000).toFixed(1)} s. The model may have run.`,
        'timeout',
      ],
      gone: ['ModelError', 'The caller has gone.', 'client-left'],
      'too-large': ['ModelError', `Endpoint ${name} answered with more than 25 MB.`, 'failed'],
      unreachable: ['ServiceUnavailable', 'SageMaker could not be reached; nothing was sent to the model.'],
      broken: [
        'InternalDependencyException',
        `The answer of endpoint ${name} broke off. The model may have run.`,
      ],
    } as const satisfies Record<HttpFailure['kind'], readonly [RefusalCode, string, string?]>
  )[failure.kind];
  return refusal(code, message, { cause: failure, ...(outcome && { outcome }) });
}

/** A share role that could not be assumed. */
export function refusalOfSession(error: unknown, { grantId }: SubscriptionRecord): Refusal {
  if (error instanceof AwsError && error.$metadata.httpStatusCode < 500 && !isThrottle(error.name))
    return refusal(
      'AccessDeniedException',
      `The share role refused the relay (${error.name}). ` +
        `Ask the parent account whether grant ${grantId} is suspended or revoked.`,
      { cause: error },
    );
  return refusal('ServiceUnavailable', 'AWS STS did not answer; nothing was sent to the model.', {
    cause: error,
  });
}

/** Everything else: a request that could not even be read, the subscriptions table, or a fault of the relay. */
export function refusalOfAny(error: unknown, isRead = true): Refusal {
  if (error instanceof Refusal) return error;
  if (!isRead)
    return refusal('ValidationError', 'The request cannot be read; nothing was sent to the model.', {
      cause: error,
    });
  if (error instanceof AwsError || error instanceof HttpFailure)
    return refusal('ServiceUnavailable', 'An AWS service did not answer; nothing was sent to the model.', {
      cause: error,
    });
  return refusal('InternalDependencyException', 'The relay failed. The model may have run.', {
    cause: error,
  });
}
