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
  const { environment, now, print } = surroundings;
  const settings = readSettings(environment);
  const http = createHttp({ now });
  const aws = { ...surroundings, http, region: settings.region, credentials: settings.credentials };
  const dynamo = createDynamo(aws);
  const table = settings.subscriptionsTable;
  const newId = () => globalThis.crypto.randomUUID();

  const subscriptionTable = { dynamo, table };
  const subscriptions = createSubscriptionCache({
    read: (alias) => readSubscription(subscriptionTable, alias),
    now,
  });
  const readOffer = createOfferSource({ ...aws, allowedOrigins: settings.allowedOrigins });
  const renew = createRenew({
    cache: subscriptions,
    readOffer,
    write: (record) => writeSubscription(subscriptionTable, record),
    now,
  });
  const jobs = createAsyncJobs({ dynamo, table, now });

  return createInvoke({
    ...surroundings,
    subscriptions,
    renew,
    sessions: createSessions<SessionKey>({
      assume: createAssume({ assumeRole: createAssumeRole(aws), renew }),
      nameOf: sessionName,
      now,
    }),
    runtime: createRuntime(aws),
    slots: createSlots({ dynamo, table, now, newId }),
    breaker: createBreaker({ now }),
    jobs,
    broker: createAsyncBroker({ http, environment, jobs, now, newId }),
    count: (passage, endedAt) => print(usageLine(passage, endedAt, now())),
    // Names only: an AWS message may quote a policy.
    warn: (message, error) =>
      print(
        JSON.stringify({ level: 'WARN', message, cause: error instanceof Error ? error.name : 'unknown' }),
      ),
  });
}
