/** The fields that cross HTTP, each said once with its bounds. Sources: SageMaker, IAM and STS API references. */

import { z } from 'zod';

const said = (message: string) => ({ error: message });

export const accountId = z.string().regex(/^\d{12}$/, said('must be an AWS account id: 12 digits'));

export const region = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]{1,16}){1,2}-\d{1,2}$/, said('must be an AWS Region such as us-east-1'));

/** SageMaker: case is kept in invocations, lower-cased in the ARN. Its pattern leaves hyphens uncounted, its length counts them. */
export const endpointName = z
  .string()
  .regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/,
    said('must be a SageMaker endpoint name: letters, digits and inner hyphens, at most 63'),
  );

export const grantId = z
  .string()
  .regex(/^grt_[0-9a-hjkmnp-tv-z]{26}$/, said('must be a grant id such as grt_01jd…'));

export const auditId = z
  .string()
  .regex(/^aud_[0-9a-hjkmnp-tv-z]{26}$/, said('must be an audit id such as aud_01jd…'));

export const alias = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    said('must be 1 to 63 lower-case letters, digits and inner hyphens'),
  );

/** Of the child's IAM users and roles; `*` and `?` may stand for anything behind the account id. */
export const principalPattern = z
  .string()
  .max(512)
  .regex(
    /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/*?-]+$/,
    said('must be the ARN of an IAM role or user, `*` allowed in its name'),
  );

export const orgId = z
  .string()
  .regex(/^o-[a-z0-9]{10,32}$/, said('must be an AWS Organizations id such as o-a1b2c3d4e5'));

export const mode = z.enum(['sync', 'stream', 'async'], said('must be one of: sync, stream, async'));
export type Mode = z.infer<typeof mode>;

export const modes = z
  .array(mode)
  .min(1, said('must name at least one mode: sync, stream or async'))
  .max(3)
  .refine((list) => new Set(list).size === list.length, said('must name each mode once'));

/** SageMaker TargetModel: 1 to 1024 printable characters; `*` and `?` are IAM wildcards here. */
export const modelPattern = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[!-~][ -~]*$/, said('must be printable ASCII that does not begin with a space'))
  .refine((pattern) => !pattern.includes('${'), said('must not contain an IAM policy variable'));

export const inferenceComponent = z
  .string()
  .regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/,
    said('must be a SageMaker inference component name'),
  );

export const cidr = z.union(
  [z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()],
  said('must be an IP address or CIDR block'),
);

export const vpcEndpointId = z
  .string()
  .regex(/^vpce-[0-9a-f]{8,17}$/, said('must be a VPC endpoint id such as vpce-0a1b2c3d'));

/** An ISO 8601 instant; any offset is accepted and UTC is answered. */
export const instant = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time with a zone, such as 2027-02-21T00:00:00Z' })
  .transform((text) => new Date(text).toISOString());

export const note = z.string().max(1000, said('must be at most 1000 characters'));

/** STS: 2 to 1224 of these characters. */
export const externalId = z
  .string()
  .min(2)
  .max(1224)
  .regex(/^[\w+=,.@:/-]+$/);

/** SageMaker S3OutputPathExtension: it travels as a header. */
export const outputPathExtension = z
  .string()
  .max(512)
  .regex(/^(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]+$/);

export const pageLimit = z.coerce.number(said('must be a whole number from 1 to 100')).int().min(1).max(100);

export const cursor = z.string().min(1).max(2048);
