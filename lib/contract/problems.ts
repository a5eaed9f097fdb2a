/** Every way in which Sharemaker says no (RFC 9457). The table is exhaustive: a new code does not compile until it has a row. */

export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** What the caller should do next: in every answer, and in docs/errors.md, which is made from it. */
  readonly remedy: string;
}

const table = {
  'request.not_json': {
    status: 400,
    title: 'The body is not JSON',
    remedy: 'Send a JSON object with Content-Type application/json.',
  },
  'request.invalid': {
    status: 400,
    title: 'A field is missing or not allowed',
    remedy: 'See `errors`: each entry names the field and what is allowed.',
  },
  'request.too_large': { status: 413, title: 'The body is too large', remedy: 'Send at most 64 KB.' },
  'request.precondition_required': {
    status: 428,
    title: 'If-Match is required',
    remedy: 'Read the grant and send its ETag as If-Match.',
  },
  'request.precondition_failed': {
    status: 412,
    title: 'The grant has changed since it was read',
    remedy: 'Read the grant again, look at what changed, and repeat with the new ETag.',
  },
  'request.conflict': {
    status: 409,
    title: 'Somebody else was changing this at the same time',
    remedy: 'Repeat the request.',
  },
  'cursor.invalid': {
    status: 400,
    title: 'The cursor does not belong to this query',
    remedy: 'Start again without a cursor; keep the other parameters the same from page to page.',
  },
  'caller.unknown': {
    status: 403,
    title: 'The request carries no IAM identity',
    remedy: 'Sign the request with AWS Signature Version 4.',
  },
  'idempotency.key_reused': {
    status: 422,
    title: 'The Idempotency-Key was used with another body',
    remedy: 'Use a new key for a new grant.',
  },
  'idempotency.key_invalid': {
    status: 400,
    title: 'The Idempotency-Key is not usable',
    remedy: 'Send 1 to 128 printable ASCII characters.',
  },
  'grant.not_found': {
    status: 404,
    title: 'There is no such grant',
    remedy: 'Check the id with list-grants.',
  },
  'grant.not_ready': {
    status: 409,
    title: 'The grant is not active yet',
    remedy: 'Wait until its status is active; it takes as long as IAM takes to propagate.',
  },
  'grant.ended': { status: 409, title: 'The grant has ended', remedy: 'Create a new grant.' },
  'grant.child_is_parent': {
    status: 422,
    title: 'The child is the parent account itself',
    remedy: 'Name another account; roles of your own account need no grant.',
  },
  'grant.principal_not_child': {
    status: 422,
    title: 'A principal belongs to another account',
    remedy: 'Name principals of the child account only.',
  },
  'grant.expiry_in_past': {
    status: 422,
    title: 'The end of the grant lies in the past',
    remedy: 'Choose an expiresAt in the future.',
  },
  'grant.expiry_too_far': {
    status: 422,
    title: 'The end of the grant is too far away',
    remedy: 'Choose an expiresAt at most 365 days from now; extend it later.',
  },
  'grant.unenforceable.models_with_stream': {
    status: 422,
    title: 'IAM cannot limit models in stream mode',
    remedy:
      'Use mode sync alone, or no target models (sagemaker:TargetModel exists for InvokeEndpoint only).',
  },
  'grant.unenforceable.models_with_async': {
    status: 422,
    title: 'IAM cannot limit models in async mode',
    remedy:
      'Use mode sync alone, or no target models (sagemaker:TargetModel exists for InvokeEndpoint only).',
  },
  'grant.unenforceable.components_with_async': {
    status: 422,
    title: 'Async cannot address inference components',
    remedy: 'Leave out mode async, or the inference components.',
  },
  'grant.policy_too_large': {
    status: 422,
    title: 'The role documents would exceed an IAM quota',
    remedy: 'Use fewer or shorter principals, models, components or addresses.',
  },
  'endpoint.not_found': {
    status: 422,
    title: 'There is no such endpoint',
    remedy: 'Check the name (upper and lower case count) and the Region with list-endpoints.',
  },
  'endpoint.not_usable': {
    status: 422,
    title: 'The endpoint cannot be shared in its state',
    remedy: 'Repair or re-create the endpoint first.',
  },
  'audit.not_found': {
    status: 404,
    title: 'There is no such audit',
    remedy: 'Check the id with list-audits.',
  },
  'audit.not_adoptable': {
    status: 422,
    title: 'No grant can be made of the role',
    remedy:
      'Adopt a role that a share.unmanaged finding names. Where the detail names what no grant can say, create one for what the child needs.',
  },
  'subscription.not_found': {
    status: 404,
    title: 'There is no such subscription',
    remedy: 'Check the alias with list-subscriptions.',
  },
  'subscription.alias_taken': {
    status: 409,
    title: 'The alias is in use',
    remedy: 'Choose another alias, or remove the old subscription first.',
  },
  'offer.not_yours': {
    status: 422,
    title: 'The offer was made to another account',
    remedy: 'Ask the parent for a grant to this account.',
  },
  'offer.url_not_allowed': {
    status: 422,
    title: 'The offer URL is not an address offers may come from',
    remedy: 'Use the offer URL as the parent gave it, or add its origin to OFFER_ORIGINS of this deployment.',
  },
  'offer.unreachable': {
    status: 422,
    title: 'The offer could not be read',
    remedy: 'Check the URL, and that this account may call it; then try again.',
  },
  'offer.invalid': {
    status: 422,
    title: 'What the offer URL answered is not an offer',
    remedy: 'Use the URL of get-offer.',
  },
  'offer.expired': { status: 422, title: 'The offer has expired', remedy: 'Ask the parent for a new grant.' },
  'offer.refused': {
    status: 422,
    title: 'The share role did not let us in',
    remedy: 'Ask the parent whether the grant is active and admits the relay role; then try again.',
  },
  'upstream.throttled': {
    status: 503,
    title: 'AWS is throttling',
    remedy: 'Repeat after a moment; nothing was lost.',
  },
  'upstream.failed': {
    status: 502,
    title: 'An AWS service failed',
    remedy: 'Repeat the request; if it goes on, look at the log with the requestId.',
  },
  'internal.failed': {
    status: 500,
    title: 'Sharemaker failed',
    remedy: 'Repeat the request; if it goes on, report the requestId.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof table;
export const problems: Readonly<Record<ProblemCode, ProblemKind>> = table;

export interface FieldError {
  /** JSON Pointer (RFC 6901) into the body, or `query/<name>`, `header/<name>`. */
  readonly pointer: string;
  readonly message: string;
}

/** The one error class. `detail` and `errors` go to the caller; `evidence` and `cause` only to the log. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: readonly FieldError[];
  readonly evidence: Readonly<Record<string, unknown>>;

  constructor(
    code: ProblemCode,
    detail: string,
    more: {
      errors?: readonly FieldError[];
      evidence?: Readonly<Record<string, unknown>>;
      cause?: unknown;
    } = {},
  ) {
    super(`${code}: ${detail}`, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'Problem';
    this.code = code;
    this.detail = detail;
    this.errors = more.errors ?? [];
    this.evidence = more.evidence ?? {};
  }
}

/** The `application/problem+json` body. `code`, `remedy`, `requestId` and `errors` are members of our own (RFC 9457 §3.2). */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ProblemCode;
  readonly remedy: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
}

export function problemBody(
  problem: Problem,
  request: { readonly path: string; readonly requestId: string },
): ProblemBody {
  const { status, title, remedy } = problems[problem.code];
  return {
    type: `urn:sharemaker:problem:${problem.code}`,
    title,
    status,
    detail: problem.detail,
    instance: request.path,
    code: problem.code,
    remedy,
    requestId: request.requestId,
    ...(problem.errors.length > 0 && { errors: problem.errors }),
  };
}
