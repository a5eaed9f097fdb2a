/** A grant as the parent's callers write and read it. */

import { z } from 'zod';
import * as field from './fields.ts';

const targets = z.strictObject({
  models: z.array(field.modelPattern).min(1).max(10).optional(),
  inferenceComponents: z.array(field.inferenceComponent).min(1).max(10).optional(),
});

const conditions = z.strictObject({
  sourceIps: z.array(field.cidr).min(1).max(20).optional(),
  sourceVpces: z.array(field.vpcEndpointId).min(1).max(10).optional(),
});

const limits = z.strictObject({ concurrency: z.int().min(1).max(1000) });

export const createGrantBody = z.strictObject({
  endpoint: z.strictObject({ name: field.endpointName, region: field.region.optional() }),
  child: z.strictObject({
    accountId: field.accountId,
    principals: z.array(field.principalPattern).min(1).max(10).optional(),
    orgId: field.orgId.optional(),
  }),
  modes: field.modes.default(['sync']),
  targets: targets.optional(),
  conditions: conditions.optional(),
  limits: limits.optional(),
  recordCaller: z.boolean().optional(),
  expiresAt: field.instant.optional(),
  note: field.note.optional(),
});
export type CreateGrantBody = z.infer<typeof createGrantBody>;

/** RFC 7396 merge patch: an absent field stays, `null` removes. */
export const updateGrantBody = z
  .strictObject({
    expiresAt: field.instant.optional(),
    modes: field.modes.optional(),
    targets: targets.nullable().optional(),
    conditions: conditions.nullable().optional(),
    note: field.note.nullable().optional(),
  })
  .refine(
    (patch) => Object.keys(patch).length > 0,
    'must change at least one of: expiresAt, modes, targets, conditions, note',
  );
export type UpdateGrantBody = z.infer<typeof updateGrantBody>;

export const rotateGrantBody = z.strictObject({
  /** How long the old external id goes on working, in seconds; never beyond the grant's own end. */
  graceSeconds: z.int().min(0).max(86_400).default(3600),
});

export const grantStatus = z.enum([
  'provisioning',
  'active',
  'suspended',
  'revoking',
  'revoked',
  'expired',
  'failed',
]);
export type GrantStatus = z.infer<typeof grantStatus>;

export const warning = z.object({ code: z.string(), detail: z.string() });

/** What a revocation or expiry proved. Times are ISO 8601; absent means that it was not observed. */
export const receipt = z.object({
  askedAt: z.string(),
  /** The last probe that still got through. */
  lastAllowedAt: z.string().optional(),
  /** A session taken before was denied (three times in a row; this is the first of them). */
  sessionDeniedAt: z.string().optional(),
  /** A fresh AssumeRole was denied (three times in a row; this is the first of them). */
  freshDeniedAt: z.string().optional(),
  /** Both were proven. From here on nothing gets through. */
  provenAt: z.string(),
  roleRemovedAt: z.string().optional(),
  /** From asked to proven. */
  seconds: z.number(),
  note: z.string().optional(),
});
export type Receipt = z.infer<typeof receipt>;

export const probeResult = z.object({
  probe: z.string(),
  expected: z.enum(['allowed', 'denied']),
  observed: z.enum(['allowed', 'denied']),
  at: z.string(),
});
export type ProbeResult = z.infer<typeof probeResult>;

export const grantSchema = z.object({
  id: field.grantId,
  endpoint: z.object({ name: z.string(), region: z.string(), arn: z.string() }),
  child: z.object({
    accountId: z.string(),
    principals: z.array(z.string()).optional(),
    orgId: z.string().optional(),
  }),
  modes: field.modes,
  targets: targets.optional(),
  conditions: conditions.optional(),
  limits: limits.optional(),
  recordCaller: z.boolean().optional(),
  expiresAt: z.string(),
  note: z.string().optional(),
  status: grantStatus,
  /** What was asked for and is not proven yet. */
  pending: z
    .object({ operation: z.string(), since: z.string(), lastError: z.string().optional() })
    .optional(),
  role: z.object({ arn: z.string(), id: z.string().optional() }),
  externalId: z.string(),
  /** Still accepted until the grace period of a rotation ends. */
  previousExternalId: z.object({ value: z.string(), validUntil: z.string() }).optional(),
  warnings: z.array(warning),
  probes: z.array(probeResult),
  receipt: receipt.optional(),
  failure: z.object({ code: z.string(), detail: z.string() }).optional(),
  createdAt: z.string(),
  createdBy: z.string(),
  updatedAt: z.string(),
  version: z.int(),
  history: z.array(
    z.object({ at: z.string(), by: z.string(), event: z.string(), detail: z.string().optional() }),
  ),
});
export type Grant = z.infer<typeof grantSchema>;

export const listGrantsQuery = z.strictObject({
  status: grantStatus.optional(),
  childAccountId: field.accountId.optional(),
  endpointName: field.endpointName.optional(),
  limit: field.pageLimit.default(25),
  cursor: field.cursor.optional(),
});
export type ListGrantsQuery = z.infer<typeof listGrantsQuery>;

export const sharedEndpoint = z.object({
  name: z.string(),
  arn: z.string(),
  status: z.string(),
  createdAt: z.string(),
  /** Grants that are not revoked, expired or failed. */
  grants: z.int(),
});

export const listEndpointsQuery = z.strictObject({
  limit: field.pageLimit.default(25),
  cursor: field.cursor.optional(),
});
