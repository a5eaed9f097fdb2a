/** Stateful sessions: requests that stay with one model instance (SageMaker Developer Guide, "Stateful sessions"). */

import { randomUUID } from 'node:crypto';
import type { Clock } from '../types.ts';
import type { Endpoint } from './endpoints.ts';
import { runtimeFault } from './runtime-faults.ts';

export interface Sessions {
  /** The session of a request, if it asks for one. @throws AwsFault ValidationError for one that is over or another endpoint's. */
  enter(endpoint: Endpoint, asked: string | undefined): EnteredSession | undefined;
  close(id: string): void;
}

export interface EnteredSession {
  readonly id: string;
  /** `<id>; Expires=2030-01-01T00:00:00Z`, when it begins with this request. */
  readonly announcement?: string;
}

export function createSessions(clock: Clock): Sessions {
  const sessions = new Map<
    string,
    { readonly arn: string; readonly createdAt: number; readonly expiresAt: number }
  >();
  return {
    enter(endpoint, asked) {
      if (asked === undefined) return undefined;
      const now = clock.now();
      for (const [id, { expiresAt }] of sessions) if (expiresAt <= now) sessions.delete(id);
      if (asked === 'NEW_SESSION') {
        if (sessions.size >= sessionsMax)
          throw runtimeFault('ServiceUnavailable', 'There are too many sessions.');
        const id = randomUUID();
        const expiresAt = now + lifetimeMs;
        // The endpoint as it is now: one that is made again under its name does not know the sessions of the old.
        sessions.set(id, { arn: endpoint.arn, createdAt: endpoint.createdAt, expiresAt });
        const expires = new Date(expiresAt).toISOString().replace(/\.\d+Z$/, 'Z');
        return { id, announcement: `${id}; Expires=${expires}` };
      }
      const session = sessions.get(asked);
      if (session?.arn !== endpoint.arn || session.createdAt !== endpoint.createdAt)
        throw runtimeFault('ValidationError', `Session ${asked} does not exist or is closed.`);
      return { id: asked };
    },
    close: (id) => void sessions.delete(id),
  };
}

const lifetimeMs = 60 * 60 * 1000;
const sessionsMax = 10_000;
