/** Which problems which operation answers with. */

import { type Operation, type OperationName, operations } from '../../lib/contract/operations.ts';
import type { ProblemCode } from '../../lib/contract/problems.ts';

/** What any operation may answer. */
export const commonRefusals = [
  'caller.unknown',
  'upstream.throttled',
  'upstream.failed',
  'internal.failed',
] as const satisfies readonly ProblemCode[];

const whatIsShared: readonly ProblemCode[] = [
  'endpoint.not_found',
  'endpoint.not_usable',
  'grant.expiry_in_past',
  'grant.expiry_too_far',
  'grant.unenforceable.models_with_stream',
  'grant.unenforceable.models_with_async',
  'grant.unenforceable.components_with_async',
  'grant.policy_too_large',
];
const withWhom: readonly ProblemCode[] = ['grant.child_is_parent', 'grant.principal_not_child'];
const change: readonly ProblemCode[] = [
  'grant.not_found',
  'grant.not_ready',
  'grant.ended',
  'request.conflict',
];

const own: Readonly<Record<OperationName, readonly ProblemCode[]>> = {
  'create-grant': [
    ...whatIsShared,
    ...withWhom,
    'idempotency.key_invalid',
    'idempotency.key_reused',
    'request.conflict',
  ],
  'list-grants': [],
  'get-grant': ['grant.not_found'],
  'update-grant': [
    'request.precondition_required',
    'request.precondition_failed',
    ...change,
    ...whatIsShared,
  ],
  'suspend-grant': change,
  'resume-grant': change,
  'rotate-grant': change,
  'revoke-grant': ['grant.not_found', 'request.conflict'],
  'get-offer': ['grant.not_found', 'grant.not_ready', 'grant.ended'],
  'list-endpoints': [],
  'audit-grants': ['audit.not_adoptable', 'request.conflict', ...whatIsShared, ...withWhom],
  'list-audits': [],
  'get-audit': ['audit.not_found'],
  'accept-offer': [
    'offer.not_yours',
    'offer.expired',
    'offer.refused',
    'offer.invalid',
    'offer.unreachable',
    'offer.url_not_allowed',
    'subscription.alias_taken',
    'request.conflict',
  ],
  'list-subscriptions': [],
  'get-subscription': ['subscription.not_found'],
  'check-subscription': ['subscription.not_found', 'request.conflict'],
  'remove-subscription': ['subscription.not_found'],
};

/** The operation's own, and those that follow from what it takes. */
export function refusalsOf(name: OperationName): readonly ProblemCode[] {
  const operation: Operation = operations[name];
  const has = (schema: { readonly shape: object }) => Object.keys(schema.shape).length > 0;
  const takesInput = has(operation.params) || has(operation.query) || operation.body;
  return [
    ...(takesInput ? (['request.invalid'] as const) : []),
    ...(operation.body ? (['request.not_json', 'request.too_large'] as const) : []),
    ...('cursor' in operation.query.shape ? (['cursor.invalid'] as const) : []),
    ...own[name],
  ];
}
