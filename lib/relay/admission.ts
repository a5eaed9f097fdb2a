/** Whether a subscription lets a request through, in words when it does not. Pure. */

import { type Refusal, refusal } from './errors.ts';
import type { RelayRequest } from './request.ts';
import { isExpired, type SubscriptionRecord } from './subscription.ts';

/** Undefined: it may pass. */
export function refusalOf(
  subscription: SubscriptionRecord,
  request: Pick<RelayRequest, 'mode'>,
  now: number,
): Refusal | undefined {
  const { grantId, expiresAt, modes } = subscription;
  if (isExpired(subscription, now))
    return refusal(
      'AccessDeniedException',
      `Grant ${grantId} expired at ${expiresAt}. Ask the parent account to extend it.`,
    );
  if (!modes.includes(request.mode))
    return refusal(
      'AccessDeniedException',
      `Grant ${grantId} allows ${modes.join(' and ')}, not ${request.mode}. Ask the parent account to add it.`,
    );
  return undefined;
}
