/** From what a caller asks for to the first record of a grant. Pure; every rule that refuses has its own code. */

import type { CreateGrantBody } from '../contract/grant.ts';
import { type FieldError, Problem, type ProblemCode } from '../contract/problems.ts';
import type { DescribedEndpoint } from './endpoints.ts';
import type { GrantRecord, Share } from './grant.ts';
import { markOf, type PolicySettings, permissionDocument, trustDocument } from './policies.ts';

const dayMs = 86_400_000;
export const defaultLifeMs = 90 * dayMs;
export const longestLifeMs = 365 * dayMs;

/** IAM: a role's trust policy holds 2,048 characters unless the quota was raised. */
const trustCharactersMax = 2_048;
/** IAM: inline policies together 10,240 characters, whitespace not counted; an update needs room for two beside the deny. */
const permissionCharactersMax = 5_000;

export interface DraftSurroundings extends PolicySettings {
  readonly id: string;
  readonly externalId: string;
  readonly bodyHash?: string;
  readonly endpoint: DescribedEndpoint;
  readonly parentAccountId: string;
  readonly asyncBucket: string;
  /** The caller's ARN. */
  readonly by: string;
  readonly now: number;
}

/** Throws Problem `grant.*` with a pointer to the field for every combination that may not be. */
export function draftGrant(body: CreateGrantBody, around: DraftSurroundings): GrantRecord {
  const at = new Date(around.now).toISOString();
  const expiresAt = body.expiresAt ?? new Date(around.now + defaultLifeMs).toISOString();
  const { accountId } = body.child;
  const share = {
    id: around.id,
    endpoint: {
      name: around.endpoint.name,
      region: around.endpoint.region,
      arn: around.endpoint.arn,
      createdAt: around.endpoint.createdAt,
    },
    child: body.child,
    modes: body.modes,
    ...(body.targets && { targets: body.targets }),
    ...(body.conditions && { conditions: body.conditions }),
    ...(body.recordCaller && { recordCaller: true }),
    ...asyncPlaces({ id: around.id, modes: body.modes }, around),
    expiresAt,
    externalIds: { current: around.externalId },
  } satisfies Share & Partial<GrantRecord>;

  const [, partition = 'aws'] = around.endpoint.arn.split(':');
  checkChild(body, around.parentAccountId, partition);
  checkShare(share, around);

  const name = `sharemaker-${around.id}`;
  return {
    ...share,
    version: 1,
    ...(body.limits && { limits: body.limits }),
    ...(body.note !== undefined && { note: body.note }),
    status: 'provisioning',
    goal: 'active',
    generation: 1,
    provenGeneration: 0,
    pending: { operation: 'create', since: at, by: around.by },
    role: {
      name,
      arn: `arn:${partition}:iam::${around.parentAccountId}:role/sharemaker/${accountId}/${name}`,
    },
    warnings: warningsOf(share, around.endpoint),
    probes: [],
    ...(around.bodyHash && { bodyHash: around.bodyHash }),
    createdAt: at,
    createdBy: around.by,
    updatedAt: at,
    history: [{ at, by: around.by, event: 'grant.created' }],
    announced: 0,
    events: 1,
  };
}

/** The rules that create and update have in common. */
export function checkShare(share: Share, around: PolicySettings & { readonly now: number }): void {
  const refuse = (code: ProblemCode, detail: string, pointer: string): never => {
    const errors: FieldError[] = [{ pointer, message: detail }];
    throw new Problem(code, detail, { errors });
  };
  const left = Date.parse(share.expiresAt) - around.now;
  if (left <= 0) refuse('grant.expiry_in_past', `${share.expiresAt} is not in the future.`, '/expiresAt');
  if (left > longestLifeMs)
    refuse(
      'grant.expiry_too_far',
      `${share.expiresAt} is more than 365 days from now; the latest possible is ${new Date(around.now + longestLifeMs).toISOString()}.`,
      '/expiresAt',
    );
  const has = (mode: 'stream' | 'async') => share.modes.includes(mode);
  if (share.targets?.models && has('stream'))
    refuse(
      'grant.unenforceable.models_with_stream',
      'IAM knows the target model for mode sync only: use modes ["sync"], or no target models.',
      '/targets/models',
    );
  if (share.targets?.models && has('async'))
    refuse(
      'grant.unenforceable.models_with_async',
      'IAM knows the target model for mode sync only: use modes ["sync"], or no target models.',
      '/targets/models',
    );
  if (share.targets?.inferenceComponents && has('async'))
    refuse(
      'grant.unenforceable.components_with_async',
      'Asynchronous invocations cannot name an inference component: leave out one of the two.',
      '/targets/inferenceComponents',
    );
  const trust = sizeOf(trustDocument({ ...share, externalIds: roomiest(share) }, around, longestMark(share)));
  if (trust > trustCharactersMax)
    refuse(
      'grant.policy_too_large',
      `The trust policy would need ${trust} of ${trustCharactersMax} characters: name fewer or shorter principals.`,
      '/child/principals',
    );
  const permission = sizeOf(permissionDocument(share));
  if (permission > permissionCharactersMax)
    refuse(
      'grant.policy_too_large',
      `The permission policy would need ${permission} of ${permissionCharactersMax} characters: name fewer targets or addresses.`,
      '/targets',
    );
}

function checkChild({ child }: CreateGrantBody, parentAccountId: string, partition: string): void {
  if (child.accountId === parentAccountId) {
    const message = `${child.accountId} is the parent itself; its own roles need no grant.`;
    throw new Problem('grant.child_is_parent', message, {
      errors: [{ pointer: '/child/accountId', message }],
    });
  }
  // A pattern of another partition would match nobody, and the grant be active for no one.
  const owner = `arn:${partition}:iam::${child.accountId}:`;
  const errors = (child.principals ?? []).flatMap((principal, index) =>
    principal.startsWith(owner)
      ? []
      : [
          {
            pointer: `/child/principals/${index}`,
            message: `must belong to account ${child.accountId} and begin with ${owner}`,
          },
        ],
  );
  if (errors.length > 0)
    throw new Problem('grant.principal_not_child', 'Every principal must belong to the child account.', {
      errors,
    });
}

/** A rotation must still fit: two ids at once, and the old one with a statement of its own. */
function roomiest(share: Share): Share['externalIds'] {
  const value = share.externalIds.current;
  return {
    current: value,
    next: { value, graceSeconds: 0 },
    previous: { value, validUntil: share.expiresAt },
  };
}

function longestMark({ id }: Share): string {
  return markOf({ id, generation: 999_999 }, 1);
}

function sizeOf(document: unknown): number {
  return JSON.stringify(document).length;
}

/** Brokered input and results live in Sharemaker's own bucket; an endpoint that writes elsewhere has no brokered results. */
export function asyncPlaces(
  share: Pick<Share, 'id' | 'modes'>,
  around: Pick<DraftSurroundings, 'endpoint' | 'asyncBucket'>,
): Pick<GrantRecord, 'async'> {
  const { output, failure } = around.endpoint.async ?? {};
  const bucket = `s3://${around.asyncBucket}/`;
  if (!share.modes.includes('async') || !output?.startsWith(bucket)) return {};
  const outputPathExtension = `grants/${share.id}/out`;
  const under = (prefix: string) => `${prefix.replace(/\/*$/, '/')}${outputPathExtension}/`;
  return {
    async: {
      inputPrefix: `${bucket}grants/${share.id}/in/`,
      outputPrefix: under(output),
      ...(failure?.startsWith(bucket) && { failurePrefix: under(failure) }),
      outputPathExtension,
    },
  };
}

/** What IAM cannot hold the child to. Said, because nobody reads a policy for what is missing from it. */
export function warningsOf(share: Share, endpoint: DescribedEndpoint): GrantRecord['warnings'] {
  const has = (mode: 'sync' | 'stream' | 'async') => share.modes.includes(mode);
  const { status } = endpoint;
  return [
    ...(has('stream') && !has('sync')
      ? [
          {
            code: 'stream.implies_sync',
            detail: 'Streaming needs sagemaker:InvokeEndpoint, so plain invocations are possible too.',
          },
        ]
      : []),
    ...(has('async')
      ? [
          {
            code: 'async.input_unrestricted',
            detail:
              "SageMaker reads the input and writes the result with the endpoint's own role, and IAM cannot limit where from and where to: give that role no more than the buckets its callers may read and write.",
          },
        ]
      : []),
    ...(has('async') && !share.async
      ? [
          {
            code: 'async.results_not_brokered',
            detail:
              "The endpoint does not write to Sharemaker's bucket, so the child needs its own access to the results.",
          },
        ]
      : []),
    ...(share.targets?.inferenceComponents
      ? [
          {
            code: 'components.unverified',
            detail:
              'AWS does not document that IAM limits an endpoint to some of its inference components; do not rely on it to keep tenants apart.',
          },
        ]
      : []),
    ...(share.conditions?.sourceIps
      ? [
          {
            code: 'conditions.relay_address',
            detail:
              "The address that counts is the one the call leaves the child's network from; a relay outside a VPC has no fixed one.",
          },
        ]
      : []),
    ...(share.conditions && share.async
      ? [
          {
            code: 'conditions.not_for_objects',
            detail:
              'Addresses and VPC endpoints limit invocations. Brokered input and results are reached through S3, by other ways, and are not limited by them.',
          },
        ]
      : []),
    ...(status !== 'InService'
      ? [
          {
            code: 'endpoint.not_in_service',
            detail: `The endpoint is ${status}; invocations fail until it is InService.`,
          },
        ]
      : []),
  ];
}
