import { AwsFault } from '../aws-fault.ts';
import { visibleEntity } from '../iam/authorize.ts';
import type { XmlMembers } from '../iam/xml.ts';
import { describeCredentials } from './credentials-xml.ts';
import type { StsCall } from './sts.ts';

/** STS, GetSessionToken: for users with long-term keys; "No permissions are required". */
export function getSessionToken({ request, input, state, sessions }: StsCall): XmlMembers {
  const { caller } = request;
  const user = visibleEntity(state, caller);
  if (caller.session || user?.kind !== 'user')
    throw new AwsFault('AccessDenied', 403, 'Cannot call GetSessionToken with session credentials');
  const { credentials } = sessions.ofUser(user, input.number('SessionDurationSeconds') ?? 43_200);
  return { Credentials: describeCredentials(credentials) };
}
