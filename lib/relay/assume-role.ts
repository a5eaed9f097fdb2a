/** STS AssumeRole over its query protocol. */

import { type AwsCallOptions, callAws } from './aws-call.ts';
import { AwsError } from './aws-error.ts';
import type { SessionCredentials } from './credentials.ts';
import { element } from './xml.ts';

export interface AssumeRoleInput {
  readonly roleArn: string;
  readonly externalId: string;
  /** STS: 2 to 64 of `[\w+=,.@-]`. */
  readonly sessionName: string;
  readonly sourceIdentity?: string | undefined;
}

export type AssumeRole = (input: AssumeRoleInput) => Promise<SessionCredentials>;

/**
 * The session lasts an hour: what STS gives unless asked otherwise, and the most it gives to a caller that is itself on a
 * role's session ("AssumeRole", role chaining), as a Lambda is.
 *
 * Throws AwsError (`AccessDenied`, `Throttling`, …) or HttpFailure. Neither carries the external id.
 */
export function createAssumeRole(options: AwsCallOptions): AssumeRole {
  return async (input) => {
    const form: Record<string, string> = {
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: input.roleArn,
      RoleSessionName: input.sessionName,
      ExternalId: input.externalId,
      ...(input.sourceIdentity !== undefined && { SourceIdentity: input.sourceIdentity }),
    };
    const answer = await callAws(
      {
        service: 'sts',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
        errorOf: (status, body) => new AwsError(element(body, 'Code') ?? 'Unknown', status),
      },
      options,
    );
    return credentialsIn(answer);
  };
}

function credentialsIn(xml: string): SessionCredentials {
  const accessKeyId = element(xml, 'AccessKeyId');
  const secretAccessKey = element(xml, 'SecretAccessKey');
  const sessionToken = element(xml, 'SessionToken');
  const expiresAt = Date.parse(element(xml, 'Expiration') ?? '');
  if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiresAt))
    throw new AwsError('UnreadableAnswer', 200);
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt };
}
