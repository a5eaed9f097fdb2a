/** What the child's functions beside the relay work with, put together. */

import type { AcceptanceOptions } from './acceptance.ts';
import { createAssumeRole } from './assume-role.ts';
import { createDynamo } from './dynamodb.ts';
import { readSettings } from './environment.ts';
import { createHttp } from './http.ts';
import { createOfferSource } from './offer-source.ts';
import { createProbe } from './probe.ts';
import { createRuntime } from './runtime.ts';
import type { SubscriptionTable } from './subscription-store.ts';
import type { Surroundings } from './surroundings.ts';

/** Throws Error when the environment is incomplete. */
export function openTable(surroundings: Surroundings): SubscriptionTable {
  const { aws, settings } = ground(surroundings);
  return { dynamo: createDynamo(aws), table: settings.subscriptionsTable };
}

/** Throws Error when the environment is incomplete. */
export function createAcceptance(surroundings: Surroundings): AcceptanceOptions {
  const { aws, settings } = ground(surroundings);
  const { allowedOrigins } = settings;
  const childAccountId = surroundings.environment['CHILD_ACCOUNT_ID'] ?? '';
  if (!/^\d{12}$/.test(childAccountId))
    throw new Error('The environment variable CHILD_ACCOUNT_ID is missing.');
  return {
    table: { dynamo: createDynamo(aws), table: settings.subscriptionsTable },
    readOffer: createOfferSource({ ...aws, allowedOrigins }),
    probe: createProbe({ assumeRole: createAssumeRole(aws), runtime: createRuntime(aws) }),
    childAccountId,
    allowedOrigins,
    now: surroundings.now,
    wait: surroundings.wait,
  };
}

function ground(surroundings: Surroundings) {
  const settings = readSettings(surroundings.environment);
  const http = createHttp({ now: surroundings.now });
  return {
    settings,
    aws: { ...surroundings, http, region: settings.region, credentials: settings.credentials },
  };
}
