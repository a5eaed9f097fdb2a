/** An audit as the parent's callers start and read it. */

import { z } from 'zod';
import * as field from './fields.ts';

export const auditMode = z.enum(['report', 'repair'], 'must be "report" or "repair"');

export const auditGrantsBody = z.strictObject({
  mode: auditMode.default('report'),
  /** Makes a grant of a share made by hand: the role's ARN as the finding `share.unmanaged` names it. */
  adopt: z
    .string()
    .max(2048)
    .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'must be the ARN of a role')
    .optional(),
});

export const findingCode = z.enum([
  'role.missing',
  'role.orphaned',
  'role.recreated',
  'trust.drifted',
  'trust.principal_recreated',
  'policy.drifted',
  'policy.extra',
  'boundary.missing',
  'tags.drifted',
  'session.too_long',
  'grant.expired_alive',
  'grant.stuck',
  'grant.unused',
  'endpoint.missing',
  'endpoint.recreated',
  'quota.roles_low',
  'share.unmanaged',
  'share.chained',
  'access.too_wide',
  'audit.incomplete',
]);
export type FindingCode = z.infer<typeof findingCode>;

export const findingSchema = z.object({
  code: findingCode,
  severity: z.enum(['high', 'medium', 'low']),
  /** A grant id, a role ARN, an endpoint ARN or the account id. */
  subject: z.string(),
  grantId: z.string().optional(),
  /** Lines of a diff or of facts, for people. */
  evidence: z.array(z.string()),
  remedy: z.string(),
  /** What `repair` did about it. */
  repair: z.enum(['repaired', 'failed', 'reported']).optional(),
  repairDetail: z.string().optional(),
});
export type Finding = z.infer<typeof findingSchema>;

export const auditSchema = z.object({
  id: field.auditId,
  status: z.enum(['running', 'finished', 'failed']),
  mode: auditMode,
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  startedBy: z.string(),
  counts: z.object({
    rolesRead: z.int(),
    grantsCompared: z.int(),
    iamCalls: z.int(),
    findings: z.int(),
    high: z.int(),
    repaired: z.int(),
    seconds: z.number(),
  }),
});
export type Audit = z.infer<typeof auditSchema>;

export const auditWithFindings = auditSchema.extend({
  findings: z.array(findingSchema),
  nextCursor: z.string().optional(),
});

export const listAuditsQuery = z.strictObject({
  limit: field.pageLimit.default(25),
  cursor: field.cursor.optional(),
});
export const getAuditQuery = z.strictObject({
  limit: field.pageLimit.default(100),
  cursor: field.cursor.optional(),
});
