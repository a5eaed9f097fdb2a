import { xmlTime } from '../iam/query-protocol.ts';
import type { XmlMembers } from '../iam/xml.ts';
import type { Credentials } from '../types.ts';

export function describeCredentials(credentials: Required<Credentials>): XmlMembers {
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: xmlTime(credentials.expiresAt),
  };
}
