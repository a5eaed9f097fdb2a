/** Takes a session of a share role with the child's own credentials. */

import type { Offer } from '../contract/offer.ts';
import { sourceIdentityOf } from '../contract/source-identity.ts';
import { ClientProblem } from './client-problem.ts';
import type { CachedSession } from './session-cache.ts';
import type { CredentialSource } from './sign.ts';

export type TakenSession = Pick<
  CachedSession,
  'accessKeyId' | 'secretAccessKey' | 'sessionToken' | 'expiresAt'
>;

export interface TakeSessionOptions {
  readonly region: string;
  readonly credentials: CredentialSource;
  readonly durationSeconds: number;
  readonly stsEndpoint?: string;
}

/** Throws ClientProblem `offer.refused`, `upstream.throttled` or `upstream.failed`. None carries the external id. */
export async function takeSession(offer: Offer, options: TakeSessionOptions): Promise<TakenSession> {
  // Loaded only here: most runs of a credential_process end at the cache, and should end soon.
  const { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const sts = new STSClient({
    region: options.region,
    credentials: options.credentials,
    ...(options.stsEndpoint !== undefined && { endpoint: options.stsEndpoint }),
  });
  try {
    // Where the grant records its callers, the role's trust demands a name.
    const caller = offer.recordCaller ? await sts.send(new GetCallerIdentityCommand({})) : undefined;
    const { Credentials: taken } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: offer.roleArn,
        ExternalId: offer.externalId,
        // In the parent's CloudTrail it says which grant was used, and that no relay stood between.
        RoleSessionName: `${offer.grantId}-direct`,
        DurationSeconds: options.durationSeconds,
        ...(caller?.Arn !== undefined && { SourceIdentity: sourceIdentityOf(caller.Arn) }),
      }),
    );
    if (!taken?.AccessKeyId || !taken.SecretAccessKey || !taken.SessionToken || !taken.Expiration)
      throw new Error('STS answered without credentials.');
    return {
      accessKeyId: taken.AccessKeyId,
      secretAccessKey: taken.SecretAccessKey,
      sessionToken: taken.SessionToken,
      expiresAt: taken.Expiration.getTime(),
    };
  } catch (error) {
    throw problemOf(error);
  } finally {
    sts.destroy();
  }
}

// --- internal ---

const refusals: ReadonlySet<string> = new Set(['AccessDenied', 'AccessDeniedException']);
const throttles: ReadonlySet<string> = new Set(['Throttling', 'ThrottlingException', 'RequestLimitExceeded']);

/** Named by STS's code alone: its message may quote the request. */
function problemOf(error: unknown): ClientProblem {
  const name = error instanceof Error ? error.name : 'Unknown';
  const status = statusOf(error) ?? 0;
  const more = { operation: 'credential-process', status, cause: error };
  if (refusals.has(name))
    return new ClientProblem(
      'offer.refused',
      'STS did not let these credentials take the share role; they need sts:AssumeRole on it, and the grant must admit them',
      more,
    );
  if (throttles.has(name))
    return new ClientProblem('upstream.throttled', 'STS is throttling', { ...more, status: 503 });
  if (status > 0) return new ClientProblem('upstream.failed', `STS answered ${name}`, more);
  return new ClientProblem('client.unreachable', `STS could not be asked (${name})`, more);
}

function statusOf(error: unknown): number | undefined {
  const metadata =
    typeof error === 'object' && error !== null && '$metadata' in error ? error.$metadata : undefined;
  return (metadata as { httpStatusCode?: number } | undefined)?.httpStatusCode;
}
