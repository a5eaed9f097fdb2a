import type { PolicyDocument } from './document.ts';
import { hasPolicyShape } from './policy-shape.ts';
import { identityPolicyProblem } from './validate-identity-policy.ts';
import { resourcePolicyProblem, trustPolicyProblem } from './validate-resource-policy.ts';

export type PolicyKind = 'identity' | 'trust' | 'boundary' | 'session' | 'resource';

export type Validation =
  | { readonly ok: true; readonly document: PolicyDocument }
  | { readonly ok: false; readonly message: string };

/**
 * Reads a policy as IAM does before it stores one. `message` is what AWS answers with MalformedPolicyDocument.
 * Sizes, and whether the principals exist, are for the caller to check.
 */
export function validatePolicyDocument(text: string, kind: PolicyKind): Validation {
  const { invalidJson, problemOf } = grammars[kind];
  const document = parse(text);
  if (document === undefined) return { ok: false, message: invalidJson };
  if (!hasPolicyShape(document)) return { ok: false, message: 'Syntax errors in policy.' };
  const message = problemOf(document);
  return message === undefined ? { ok: true, document } : { ok: false, message };
}

interface Grammar {
  readonly invalidJson: string;
  /** The first thing wrong with a document of the right shape. */
  readonly problemOf: (document: PolicyDocument) => string | undefined;
}

/** IAM reads policies that name a principal with another parser than those that do not; their words differ. */
const ofPrincipal: Grammar = {
  invalidJson: 'Syntax errors in policy.',
  problemOf: identityPolicyProblem,
};

const grammars: Readonly<Record<PolicyKind, Grammar>> = {
  identity: ofPrincipal,
  boundary: ofPrincipal,
  session: ofPrincipal,
  trust: { invalidJson: 'This policy contains invalid Json', problemOf: trustPolicyProblem },
  resource: { invalidJson: 'This policy contains invalid Json', problemOf: resourcePolicyProblem },
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
