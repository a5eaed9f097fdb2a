/** What the child's functions are told by their environment, read once and refused when it is incomplete. */

import type { Environment } from './aws-endpoints.ts';
import type { Credentials } from './credentials.ts';

export interface Settings {
  readonly region: string;
  readonly subscriptionsTable: string;
  readonly allowedOrigins: string;
  /** Of the function's own role. Lambda gives every environment its keys once, for as long as it lives. */
  readonly credentials: Credentials;
}

/** Every API Gateway API of AWS, in China as well. */
const anyApi = 'https://*.execute-api.*.amazonaws.com';
const defaultOrigins = `${anyApi},${anyApi}.cn`;

/** Throws Error naming the variable that is missing. */
export function readSettings(environment: Environment): Settings {
  const need = (name: string): string => {
    const value = environment[name];
    if (!value) throw new Error(`${name} is not set.`);
    return value;
  };
  const sessionToken = environment['AWS_SESSION_TOKEN'];
  return {
    region: need('AWS_REGION'),
    subscriptionsTable: need('SUBSCRIPTIONS_TABLE'),
    allowedOrigins: environment['OFFER_ORIGINS'] || defaultOrigins,
    credentials: {
      accessKeyId: need('AWS_ACCESS_KEY_ID'),
      secretAccessKey: need('AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken && { sessionToken }),
    },
  };
}
