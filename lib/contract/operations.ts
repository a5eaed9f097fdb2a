/** Every operation of both APIs, said once: the handlers, the client, the tests and the API documentation read this table. */

import { z } from 'zod';
import * as audit from './audit.ts';
import * as field from './fields.ts';
import * as grant from './grant.ts';
import { offerSchema } from './offer.ts';
import * as subscription from './subscription.ts';

export interface Operation {
  readonly api: 'parent' | 'child';
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  /** The `{name}` parts of the path. */
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Absent: the operation takes no body. */
  readonly body?: z.ZodType;
  /** `If-Match` must carry the ETag. */
  readonly guarded?: true;
  /** The answer carries an ETag. */
  readonly tagged?: true;
  /** An `Idempotency-Key` makes it safe to repeat. */
  readonly keyed?: true;
  /** Asked twice, it does no more than asked once; reading always is. */
  readonly idempotent?: true;
  readonly success: readonly number[];
  readonly answer: z.ZodType;
}

const none = z.strictObject({});
const byGrant = z.strictObject({ grantId: field.grantId });
const byAlias = z.strictObject({ alias: field.alias });
const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional() });
const change = {
  api: 'parent',
  method: 'POST',
  params: byGrant,
  query: none,
  tagged: true,
  success: [200, 202],
  answer: grant.grantSchema,
} as const;

export const operations = {
  'create-grant': {
    api: 'parent',
    method: 'POST',
    path: '/grants',
    params: none,
    query: none,
    body: grant.createGrantBody,
    tagged: true,
    keyed: true,
    summary: 'Share one endpoint with one child account until a date.',
    success: [201],
    answer: grant.grantSchema,
  },
  'list-grants': {
    api: 'parent',
    method: 'GET',
    path: '/grants',
    params: none,
    query: grant.listGrantsQuery,
    summary: 'List grants, newest first.',
    success: [200],
    answer: pageOf(grant.grantSchema),
  },
  'get-grant': {
    api: 'parent',
    method: 'GET',
    path: '/grants/{grantId}',
    params: byGrant,
    query: none,
    tagged: true,
    summary: 'Read one grant with its history.',
    success: [200],
    answer: grant.grantSchema,
  },
  'update-grant': {
    api: 'parent',
    method: 'PATCH',
    path: '/grants/{grantId}',
    params: byGrant,
    query: none,
    body: grant.updateGrantBody,
    guarded: true,
    tagged: true,
    summary: 'Extend, shorten or reshape a grant without interrupting it.',
    success: [200, 202],
    answer: grant.grantSchema,
  },
  'suspend-grant': {
    ...change,
    path: '/grants/{grantId}/suspend',
    idempotent: true,
    summary: 'Shut a grant for now; live sessions end too.',
  },
  'resume-grant': {
    ...change,
    path: '/grants/{grantId}/resume',
    idempotent: true,
    summary: 'Open a suspended grant again.',
  },
  'rotate-grant': {
    ...change,
    path: '/grants/{grantId}/rotate',
    body: grant.rotateGrantBody,
    summary: 'Replace the external id; old and new overlap for a grace period.',
  },
  'revoke-grant': {
    ...change,
    path: '/grants/{grantId}/revoke',
    idempotent: true,
    summary: 'End a grant for good, prove it, remove the role.',
  },
  'get-offer': {
    api: 'parent',
    method: 'GET',
    path: '/offers/{grantId}',
    params: byGrant,
    query: none,
    summary: "Read what the child needs to use a grant; for the grant's own child account and the parent.",
    success: [200],
    answer: offerSchema,
  },
  'list-endpoints': {
    api: 'parent',
    method: 'GET',
    path: '/endpoints',
    params: none,
    query: grant.listEndpointsQuery,
    summary: "List the parent's endpoints with the number of their grants.",
    success: [200],
    answer: pageOf(grant.sharedEndpoint),
  },
  'audit-grants': {
    api: 'parent',
    method: 'POST',
    path: '/audits',
    params: none,
    query: none,
    body: audit.auditGrantsBody,
    summary: 'Hold every grant against what IAM really says; with mode repair, mend it.',
    success: [201, 202],
    answer: audit.auditWithFindings,
  },
  'list-audits': {
    api: 'parent',
    method: 'GET',
    path: '/audits',
    params: none,
    query: audit.listAuditsQuery,
    summary: 'List audits, newest first.',
    success: [200],
    answer: pageOf(audit.auditSchema),
  },
  'get-audit': {
    api: 'parent',
    method: 'GET',
    path: '/audits/{auditId}',
    params: z.strictObject({ auditId: field.auditId }),
    query: audit.getAuditQuery,
    summary: 'Read one audit and its findings.',
    success: [200],
    answer: audit.auditWithFindings,
  },
  'accept-offer': {
    api: 'child',
    method: 'POST',
    path: '/subscriptions',
    params: none,
    query: none,
    body: subscription.acceptOfferBody,
    idempotent: true,
    summary: 'Accept an offer under an alias; it is probed before it is stored.',
    success: [201],
    answer: subscription.subscriptionSchema,
  },
  'list-subscriptions': {
    api: 'child',
    method: 'GET',
    path: '/subscriptions',
    params: none,
    query: subscription.listSubscriptionsQuery,
    summary: 'List subscriptions by alias.',
    success: [200],
    answer: pageOf(subscription.subscriptionSchema),
  },
  'get-subscription': {
    api: 'child',
    method: 'GET',
    path: '/subscriptions/{alias}',
    params: byAlias,
    query: none,
    summary: 'Read one subscription.',
    success: [200],
    answer: subscription.subscriptionSchema,
  },
  'check-subscription': {
    api: 'child',
    method: 'POST',
    path: '/subscriptions/{alias}/check',
    params: byAlias,
    query: none,
    idempotent: true,
    summary: 'Probe a subscription now and store what was found.',
    success: [200],
    answer: subscription.subscriptionSchema,
  },
  'remove-subscription': {
    api: 'child',
    method: 'DELETE',
    path: '/subscriptions/{alias}',
    params: byAlias,
    query: none,
    summary: "Forget a subscription; the grant itself is the parent's to end.",
    success: [204],
    answer: z.undefined(),
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

/** The relay's routes: SageMaker's own wire protocol, so no schema of ours. */
export const relayRoutes = {
  sync: { method: 'POST', path: '/endpoints/{alias}/invocations' },
  stream: { method: 'POST', path: '/endpoints/{alias}/invocations-response-stream' },
  async: { method: 'POST', path: '/endpoints/{alias}/async-invocations' },
  asyncUpload: { method: 'POST', path: '/endpoints/{alias}/async-uploads' },
  asyncResult: { method: 'GET', path: '/endpoints/{alias}/async-results/{inferenceId}' },
} as const;

/** What an operation's handler receives, parsed. */
export type Input<Name extends OperationName> = {
  readonly params: z.output<(typeof operations)[Name]['params']>;
  readonly query: z.output<(typeof operations)[Name]['query']>;
  readonly body: (typeof operations)[Name] extends { body: infer Body extends z.ZodType }
    ? z.output<Body>
    : undefined;
};

/** What a caller sends as body. */
export type Body<Name extends OperationName> = (typeof operations)[Name] extends {
  body: infer B extends z.ZodType;
}
  ? z.input<B>
  : undefined;

export type Answer<Name extends OperationName> = z.output<(typeof operations)[Name]['answer']>;
