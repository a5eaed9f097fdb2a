import { type PolicyKind, validatePolicyDocument } from '../policy/validate.ts';
import { malformedPolicy } from './faults.ts';
import type { StoredPolicy } from './state.ts';

/** @throws AwsFault MalformedPolicyDocument */
export function readPolicy(text: string, kind: PolicyKind): StoredPolicy {
  const validation = validatePolicyDocument(text, kind);
  if (!validation.ok) throw malformedPolicy(validation.message);
  return { text, document: validation.document };
}

/** IAM's quotas do not count white space ("IAM and AWS STS quotas"). */
export function policyChars(text: string): number {
  return text.replace(/\s/g, '').length;
}

/** "The policy document is URL-encoded compliant with RFC 3986", in every answer of IAM. */
export function encodePolicy(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
