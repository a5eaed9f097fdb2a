/** What the child's functions are told by their environment, read once and refused when it is incomplete. */

import type { Environment } from './aws-endpoints.ts';
import type { Credentials } from './credentials.ts';

export interface Settings {
  readonly region: string;
  readonly subscriptionsTable: string;
  readonly childAccountId: string;
  readonly allowedOrigins: string;
  /** Of the function's own role. Lambda gives every environment its keys once, for as long as it lives. */
  readonly credentials: Credentials;
}

const defaultOrigins = 'https://*.execute-api.*.amazonaws.com';

/** Throws Error naming the variable that is missing. */
export function readSettings(environment: Environment): Settings {
  const need = (name: string): string => {
    const value = environment[name];
    if (!value) throw new Error(`The environment variable ${name} is missing.`);
    return value;
  };
  const sessionToken = environment['AWS_SESSION_TOKEN'];
  return {
    region: need('AWS_REGION'),
    subscriptionsTable: need('SUBSCRIPTIONS_TABLE'),
    // Only accepting an offer needs it; the functions that do check it.
    childAccountId: environment['CHILD_ACCOUNT_ID'] ?? '',
    allowedOrigins: environment['OFFER_ORIGINS'] || defaultOrigins,
    credentials: {
      accessKeyId: need('AWS_ACCESS_KEY_ID'),
      secretAccessKey: need('AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken && { sessionToken }),
    },
  };
}
