/** The relay, put together. */

import { createAssume, sessionName } from './assume.ts';
import { createAssumeRole } from './assume-role.ts';
import { createAsyncBroker } from './async.ts';
import { createAsyncJobs } from './async-jobs.ts';
import type { SessionKey } from './attempts.ts';
import { createBreaker } from './breaker.ts';
import { createSlots } from './concurrency.ts';
import { createDynamo } from './dynamodb.ts';
import { readSettings } from './environment.ts';
import { createHttp } from './http.ts';
import { createInvoke, type Invoke } from './invocation.ts';
import { createOfferSource } from './offer-source.ts';
import { createRenew } from './renewal.ts';
import { createRuntime } from './runtime.ts';
import { createSessions } from './session.ts';
import { createSubscriptionCache } from './subscription-cache.ts';
import { readSubscription, writeSubscription } from './subscription-store.ts';
import type { Surroundings } from './surroundings.ts';
import { usageLine } from './usage.ts';

/** Throws Error when the environment is incomplete. */
export function createRelay(surroundings: Surroundings): Invoke {
  const { now, print } = surroundings;
  const { subscriptionsTable: table, ...settings } = readSettings(surroundings.environment);
  const aws = { ...surroundings, ...settings, http: createHttp({ now }) };
  const ground = { ...aws, dynamo: createDynamo(aws), table, newId: () => globalThis.crypto.randomUUID() };

  const subscriptions = createSubscriptionCache({ read: (alias) => readSubscription(ground, alias), now });
  const renew = createRenew({
    cache: subscriptions,
    readOffer: createOfferSource(ground),
    write: (record) => writeSubscription(ground, record),
    now,
  });
  const jobs = createAsyncJobs(ground);

  return createInvoke({
    ...surroundings,
    subscriptions,
    renew,
    sessions: createSessions<SessionKey>({
      assume: createAssume({ assumeRole: createAssumeRole(ground), renew }),
      nameOf: sessionName,
      termsOf: ({ subscription }) => subscription.version,
      now,
    }),
    runtime: createRuntime(ground),
    slots: createSlots(ground),
    breaker: createBreaker(ground),
    jobs,
    broker: createAsyncBroker({ ...ground, jobs }),
    count: (passage, endedAt) => print(usageLine(passage, endedAt, now())),
    // Names only: an AWS message may quote a policy.
    warn: (message, error) =>
      print(JSON.stringify({ level: 'WARN', message, cause: (error as Error | undefined)?.name })),
  });
}
