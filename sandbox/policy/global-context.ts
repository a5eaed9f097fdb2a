import type { Caller } from '../types.ts';
import type { ContextValues } from './request-context.ts';

export interface RequestCircumstances {
  /** Milliseconds since the epoch, by the sandbox's clock. */
  readonly now: number;
  readonly sourceIp: string;
  /** The organization of the caller's account. */
  readonly orgId?: string | undefined;
  /** Set when the request came through a VPC endpoint. */
  readonly sourceVpce?: string | undefined;
  /** Tags of the user or role; session tags of the same name win. */
  readonly principalTags?: Readonly<Record<string, string>> | undefined;
  readonly requestedRegion?: string | undefined;
}

/**
 * The condition keys that AWS adds to every request ("AWS global condition context keys"), each present exactly
 * when AWS has it: no `aws:SourceIp` through a VPC endpoint, no `aws:username` for a session.
 */
export function globalContext(
  caller: Pick<Caller, 'type' | 'accountId' | 'principalArn' | 'userId' | 'username' | 'session'>,
  circumstances: RequestCircumstances,
): ContextValues {
  const { now, sourceIp, sourceVpce } = circumstances;
  const { session } = caller;
  const tags = Object.entries({ ...circumstances.principalTags, ...session?.tags });
  return withoutMissing({
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    'aws:PrincipalArn': caller.principalArn,
    'aws:PrincipalAccount': caller.accountId,
    'aws:PrincipalType': caller.type,
    'aws:PrincipalOrgID': circumstances.orgId,
    'aws:PrincipalIsAWSService': 'false',
    'aws:ViaAWSService': 'false',
    'aws:userid': caller.userId,
    'aws:username': caller.username,
    'aws:SourceVpce': sourceVpce,
    'aws:SourceIp': sourceVpce === undefined ? sourceIp : undefined,
    'aws:RequestedRegion': circumstances.requestedRegion,
    // The sandbox listens on loopback in the place of AWS's TLS endpoints.
    'aws:SecureTransport': 'true',
    'aws:TokenIssueTime': session && new Date(session.issuedAt).toISOString(),
    'aws:SourceIdentity': session?.sourceIdentity,
    // Temporary credentials always carry the key, long-term ones never do. Nobody has MFA here.
    'aws:MultiFactorAuthPresent': session && 'false',
    ...Object.fromEntries(tags.map(([key, value]) => [`aws:PrincipalTag/${key}`, value])),
  });
}

function withoutMissing(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
