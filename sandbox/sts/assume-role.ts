/** STS, AssumeRole. First whether the role may be assumed at all; only then what else is wrong with the request. */

import { AwsFault } from '../aws-fault.ts';
import { resourceTags } from '../iam/lookup.ts';
import { keyOf, type Role } from '../iam/state.ts';
import type { XmlMembers } from '../iam/xml.ts';
import type { Caller } from '../types.ts';
import { assumptionQuestions, type RequestKeys } from './assumption-questions.ts';
import { describeCredentials } from './credentials-xml.ts';
import { packedPolicySize, sessionPolicies } from './session-policies.ts';
import { sessionTags } from './session-tags.ts';
import type { StsCall } from './sts.ts';

export function assumeRole(call: StsCall): XmlMembers {
  const { request, input, sessions } = call;
  const roleArn = input.need('RoleArn');
  if (!roleArnPattern.test(roleArn)) throw new AwsFault('ValidationError', 400, `${roleArn} is invalid`);
  const { tags, transitiveKeys } = sessionTags(call);
  const sourceIdentity = input.text('SourceIdentity') ?? request.caller.session?.sourceIdentity;
  if (sourceIdentity?.toLowerCase().startsWith('aws:'))
    throw new AwsFault('ValidationError', 400, 'The source identity must not begin with aws:.');
  refuseChangedSource(request.caller, sourceIdentity);
  const role = needAssumable(call, roleArn, {
    ...(sourceIdentity !== undefined && { 'sts:SourceIdentity': sourceIdentity }),
    ...requestTagKeys(tags),
    ...(transitiveKeys.length > 0 && { 'sts:TransitiveTagKeys': transitiveKeys }),
  });
  const policies = sessionPolicies(call, role);
  const { caller, credentials } = sessions.ofRole(role, {
    name: input.need('RoleSessionName'),
    seconds: secondsOf(call, role),
    policies,
    tags,
    transitiveTagKeys: transitiveKeys,
    assumedWith: request.caller.accessKeyId,
    ...(sourceIdentity !== undefined && { sourceIdentity }),
  });
  return {
    Credentials: describeCredentials(credentials),
    AssumedRoleUser: { AssumedRoleId: caller.userId, Arn: caller.arn },
    PackedPolicySize: packedPolicySize(input, tags),
    SourceIdentity: sourceIdentity,
  };
}

/**
 * The role as authorization sees it, if its trust policy and the caller's own policies allow it to be assumed,
 * and to be given tags and a source identity where the request brings some. A role that is not there is refused
 * in the same words as one that is shut.
 */
function needAssumable(call: StsCall, roleArn: string, extra: RequestKeys): Role {
  const { request, input, state, authorize } = call;
  const [, accountId = '', name = ''] = roleArnPattern.exec(roleArn) ?? [];
  const found = state.accounts.get(accountId)?.roles.visible(keyOf(name));
  const role = found?.arn === roleArn ? found : undefined;
  const externalId = input.text('ExternalId');
  const questions = assumptionQuestions({
    'sts:RoleSessionName': input.need('RoleSessionName'),
    ...(externalId !== undefined && { 'sts:ExternalId': externalId }),
    ...extra,
    ...(role && resourceTags(role.tags)),
  });
  for (const { action, context } of questions) {
    const answer = authorize({
      request,
      action,
      resource: roleArn,
      resourceAccountId: accountId,
      resourcePolicy: role?.trust ?? { Version: '2012-10-17', Statement: [] },
      context,
    });
    if (!answer.allowed) throw new AwsFault('AccessDenied', 403, answer.message);
  }
  if (!role) throw new Error('A role that does not exist was allowed.');
  return role;
}

function secondsOf({ request, input }: StsCall, role: Role): number {
  const asked = input.number('DurationSeconds');
  const isChained = request.caller.type === 'AssumedRole';
  if (asked !== undefined && isChained && asked > chainedSecondsMax)
    throw new AwsFault(
      'ValidationError',
      400,
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
  if (asked !== undefined && asked > role.maxSessionSeconds)
    throw new AwsFault(
      'ValidationError',
      400,
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  return asked ?? 3600;
}

/** "After the source identity is set, the value cannot be changed", along a whole chain of roles. */
function refuseChangedSource(caller: Caller, sourceIdentity: string | undefined): void {
  const before = caller.session?.sourceIdentity;
  if (before !== undefined && before !== sourceIdentity)
    throw new AwsFault('AccessDenied', 403, 'The source identity of a session cannot be changed.');
}

function requestTagKeys(tags: Readonly<Record<string, string>>): RequestKeys {
  const keys = Object.keys(tags);
  if (keys.length === 0) return {};
  return {
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    'aws:TagKeys': keys,
  };
}

const roleArnPattern = /^arn:aws:iam::(\d{12}):role\/(?:[!-~]*\/)?([\w+=,.@-]{1,64})$/;
const chainedSecondsMax = 3600;
