/** Takes a share role's session; when the external id has been rotated, learns the new one and takes it with that. */

import type { AssumeRole } from './assume-role.ts';
import type { SessionKey } from './attempts.ts';
import { AwsError } from './aws-error.ts';
import type { SessionCredentials } from './credentials.ts';
import { refusalOfSession } from './refusals.ts';
import type { Renew } from './renewal.ts';
import type { SubscriptionRecord } from './subscription.ts';

/** Throws Refusal. */
export function createAssume(options: {
  readonly assumeRole: AssumeRole;
  readonly renew: Renew;
}): (key: SessionKey) => Promise<SessionCredentials> {
  const { assumeRole, renew } = options;
  const assume = (subscription: SubscriptionRecord, sourceIdentity: string | undefined) =>
    assumeRole({
      roleArn: subscription.roleArn,
      externalId: subscription.externalId,
      // In the parent's CloudTrail it says which grant was used.
      sessionName: subscription.grantId,
      sourceIdentity,
    });

  const assumeNewest = async ({ subscription, sourceIdentity }: SessionKey) => {
    try {
      return await assume(subscription, sourceIdentity);
    } catch (error) {
      if (!(error instanceof AwsError && error.name === 'AccessDenied')) throw error;
      const renewed = await renew(subscription);
      if (!renewed || renewed.externalId === subscription.externalId) throw error;
      return assume(renewed, sourceIdentity);
    }
  };

  return (key) =>
    assumeNewest(key).catch((error: unknown) => {
      throw refusalOfSession(error, key.subscription);
    });
}

/** Equal names share a session. */
export function sessionName({ subscription, sourceIdentity }: SessionKey): string {
  return sourceIdentity === undefined ? subscription.roleArn : `${subscription.roleArn}\n${sourceIdentity}`;
}
