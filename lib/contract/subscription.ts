/** A subscription as the child's callers write and read it. The external id never leaves the child's table. */

import { z } from 'zod';
import * as field from './fields.ts';
import { offerSchema } from './offer.ts';

export const acceptOfferBody = z.union(
  [
    z.strictObject({ alias: field.alias, offer: offerSchema }),
    z.strictObject({ alias: field.alias, offerUrl: z.url({ protocol: /^https?$/ }).max(2048) }),
  ],
  'must be { alias, offer } or { alias, offerUrl }',
);
export type AcceptOfferBody = z.infer<typeof acceptOfferBody>;

export const subscriptionSchema = z.object({
  alias: field.alias,
  grantId: field.grantId,
  roleArn: z.string(),
  endpoint: z.object({ name: z.string(), region: z.string() }),
  modes: field.modes,
  expiresAt: z.string(),
  status: z.enum(['active', 'broken', 'expired']),
  checkedAt: z.string(),
  /** Why it is broken, in words. */
  detail: z.string().optional(),
  acceptedAt: z.string(),
  acceptedBy: z.string(),
  /** Where the offer is read again; only this account and the parent may. */
  offerUrl: z.string(),
  version: z.int(),
});
export type Subscription = z.infer<typeof subscriptionSchema>;

export const listSubscriptionsQuery = z.strictObject({
  limit: field.pageLimit.default(25),
  cursor: field.cursor.optional(),
});
