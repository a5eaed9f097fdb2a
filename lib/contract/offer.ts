/** The one document in which parent and child meet. */

import { z } from 'zod';
import * as field from './fields.ts';

const s3Prefix = z
  .string()
  .regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[\w!.*'()/-]+\/$/)
  .max(1024);

export const offerSchema = z.strictObject({
  version: z.literal(1),
  grantId: field.grantId,
  roleArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:iam::\d{12}:role\/sharemaker\/\d{12}\/sharemaker-grt_[0-9a-z]{26}$/,
      'must be the ARN of a share role',
    ),
  externalId: field.externalId,
  childAccountId: field.accountId,
  endpoint: z.strictObject({ name: field.endpointName, region: field.region }),
  modes: field.modes,
  targets: z
    .strictObject({
      models: z.array(field.modelPattern).min(1).max(10).optional(),
      inferenceComponents: z.array(field.inferenceComponent).min(1).max(10).optional(),
    })
    .optional(),
  /** Where brokered async input goes and results appear; both lie in the parent's bucket, under this grant's own prefix. */
  async: z
    .strictObject({
      inputPrefix: s3Prefix,
      outputPrefix: s3Prefix,
      failurePrefix: s3Prefix.optional(),
      /** What the relay sends as S3OutputPathExtension, so that results land under `outputPrefix`. */
      outputPathExtension: field.outputPathExtension,
    })
    .optional(),
  expiresAt: field.instant,
  limits: z.strictObject({ concurrency: z.int().min(1).max(1000) }).optional(),
  /** The share role's trust demands `sts:SourceIdentity`: the relay passes on who called. */
  recordCaller: z.boolean().optional(),
  /** Where this offer is read again, to learn a rotated external id. */
  offerUrl: z.url({ protocol: /^https?$/ }).max(2048),
});

export type Offer = z.infer<typeof offerSchema>;
