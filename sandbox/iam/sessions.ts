/** Temporary credentials. STS hands them out; they are good at once, whatever the lag of IAM. */

import type { Caller, Clock, Credentials, KeyRecord, Session } from '../types.ts';
import { ids } from './ids.ts';
import type { Role, User } from './state.ts';

export interface Sessions {
  find(accessKeyId: string): KeyRecord | undefined;
  ofRole(role: Role, session: SessionInput): IssuedSession;
  ofUser(user: User, seconds: number): IssuedSession;
}

export interface SessionInput extends Omit<Session, 'issuedAt' | 'expiresAt'> {
  readonly seconds: number;
}

export interface IssuedSession {
  readonly caller: Caller;
  readonly credentials: Required<Credentials>;
}

export function createSessions(clock: Clock): Sessions {
  const records = new Map<string, KeyRecord>();
  let sweepAt = sweepEvery;

  const issue = (
    seconds: number,
    callerOf: (times: { issuedAt: number; expiresAt: number; accessKeyId: string }) => Caller,
  ): IssuedSession => {
    const issuedAt = clock.now();
    // STS tells the end to the second.
    const expiresAt = Math.floor(issuedAt / 1000) * 1000 + seconds * 1000;
    const accessKeyId = ids.sessionKey();
    const credentials = {
      accessKeyId,
      secretAccessKey: ids.secret(),
      sessionToken: ids.sessionToken(),
      expiresAt,
    };
    const caller = callerOf({ issuedAt, expiresAt, accessKeyId });
    if (records.size >= sweepAt) {
      for (const [id, record] of records) if ((record.expiresAt ?? 0) + keptMs < issuedAt) records.delete(id);
      sweepAt = records.size + sweepEvery;
    }
    records.set(accessKeyId, { ...credentials, caller });
    return { caller, credentials };
  };

  return {
    find: (accessKeyId) => records.get(accessKeyId),

    ofRole: (role, { seconds, ...session }) =>
      issue(seconds, ({ issuedAt, expiresAt, accessKeyId }) => ({
        type: 'AssumedRole',
        accountId: accountOf(role.arn),
        // The path is dropped: only the role's name is in the ARN of a session.
        arn: `arn:aws:sts::${accountOf(role.arn)}:assumed-role/${role.name}/${session.name}`,
        principalArn: role.arn,
        userId: `${role.id}:${session.name}`,
        accessKeyId,
        session: { ...session, issuedAt, expiresAt },
      })),

    ofUser: (user, seconds) =>
      issue(seconds, ({ issuedAt, expiresAt, accessKeyId }) => ({
        type: 'User',
        accountId: accountOf(user.arn),
        arn: user.arn,
        principalArn: user.arn,
        userId: user.id,
        username: user.name,
        accessKeyId,
        session: { name: user.name, issuedAt, expiresAt, policies: [], tags: {} },
      })),
  };
}

function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

/** An expired session is kept for a while, so that its holder is told that it expired and not that it never was. */
const keptMs = 12 * 3_600_000;
const sweepEvery = 10_000;
