import { AwsFault } from '../aws-fault.ts';
import { readPolicy } from '../iam/documents.ts';
import { malformedPolicy } from '../iam/faults.ts';
import type { Input } from '../iam/input.ts';
import { isUsable, visibleDocument } from '../iam/managed-policy.ts';
import type { Role } from '../iam/state.ts';
import type { PolicyDocument, Statement } from '../policy/document.ts';
import type { StsCall } from './sts.ts';

/**
 * The policies passed for the session, as one document: what any of them allows the session may do, as far as
 * the role may too. Managed ones must be of the role's account ("Session policies", IAM User Guide).
 */
export function sessionPolicies({ input, state }: StsCall, role: Role): readonly PolicyDocument[] {
  const text = input.text('Policy');
  const arns = input.list('PolicyArns');
  if (text === undefined && arns.length === 0) return [];
  const plainChars = (text?.length ?? 0) + arns.reduce((sum, arn) => sum + arn.length, 0);
  if (plainChars > plainCharsMax)
    throw new AwsFault(
      'PackedPolicyTooLarge',
      400,
      'Packed policy consumes more than 100% of allotted space.',
    );
  const accountId = role.arn.split(':')[4] ?? '';
  const documents = arns.map((arn) => {
    const document = isUsable(accountId, arn) ? visibleDocument(state, arn) : undefined;
    if (!document) throw malformedPolicy(`The policy ${arn} does not exist or is not attachable.`);
    return document;
  });
  if (text !== undefined) documents.push(readPolicy(text, 'session').document);
  return [union(documents)];
}

/** The share of the limit that policies and tags take, in percent; absent when there are none. */
export function packedPolicySize(input: Input, tags: Readonly<Record<string, string>>): number | undefined {
  const texts = [input.text('Policy') ?? '', ...input.list('PolicyArns'), ...Object.entries(tags).flat()];
  const chars = texts.reduce((sum, text) => sum + text.length, 0);
  return chars === 0 ? undefined : Math.min(100, Math.ceil((chars / plainCharsMax) * 100));
}

function union(documents: readonly PolicyDocument[]): PolicyDocument {
  const statements = documents.flatMap(({ Statement }) => ([] as Statement[]).concat(Statement));
  // Variables are read only in the newer version; where the versions differ it is the one nearly all have.
  const isOld = documents.every(({ Version }) => Version !== '2012-10-17');
  return { Version: isOld ? '2008-10-17' : '2012-10-17', Statement: statements };
}

/** "The plaintext that you use for both inline and managed session policies can't exceed 2,048 characters." */
const plainCharsMax = 2048;
