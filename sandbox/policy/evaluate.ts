import type { Caller } from '../types.ts';
import { type Denied, explicitDenial, implicitDenial, type PolicyType, trustDenial } from './denial.ts';
import type { PolicyDocument } from './document.ts';
import { isExemptByNotPrincipal, type Naming, namingOf, strongest } from './principal.ts';
import { type ContextValues, requestContext } from './request-context.ts';
import { covers, type Subject, statementsOf, type VersionedStatement } from './statement.ts';
import { trustActions } from './trust-actions.ts';
import { every, type Truth } from './truth.ts';

export { globalContext } from './global-context.ts';

export interface EvaluationInput {
  /** `sagemaker:InvokeEndpoint` */
  readonly action: string;
  /** An ARN, or `*` where the action has no resource. */
  readonly resource: string;
  /** The account that owns the resource; the caller's own when absent. */
  readonly resourceAccountId?: string | undefined;
  readonly caller: Pick<
    Caller,
    'type' | 'accountId' | 'arn' | 'principalArn' | 'userId' | 'username' | 'session'
  >;
  /** Condition keys by name, in any case, the global ones included (`globalContext`). */
  readonly context: ContextValues;
  /** Inline and managed policies of the user or role and of the user's groups. */
  readonly identity: readonly PolicyDocument[];
  readonly boundary?: PolicyDocument | undefined;
  /** Policies passed when the session was made. AWS's pages do not say how several combine; here all must allow. */
  readonly session?: readonly PolicyDocument[] | undefined;
  /** The policy of the resource itself: bucket policy, API resource policy, trust policy. */
  readonly resourcePolicy?: PolicyDocument | undefined;
}

export type Decision = { readonly allowed: true } | Denied;

/**
 * Decides one request as AWS documents it (IAM User Guide, "Policy evaluation logic" and "Cross-account policy
 * evaluation logic"). Plain data in, a decision out: no I/O, no clock, nothing remembered.
 *
 * 1. A Deny that applies, in any policy, ends it.
 * 2. The caller's side allows when an identity-based policy does, and the boundary, and every session policy.
 *    The root user needs no policy.
 * 3. Across accounts both the caller's side and the resource's policy must allow.
 * 4. Within one account either is enough; a resource policy that names a role is still limited by the role's
 *    boundary and session policies, one that names the user, the session or everyone is not.
 * 5. A role is assumed only if its trust policy allows it, whatever else does; a trust policy that names the
 *    caller's account leaves the decision to the caller's side.
 */
export function evaluate(input: EvaluationInput): Decision {
  const { caller } = input;
  const isTrust = trustActions.has(input.action.toLowerCase());
  const policies = policiesOf(input);
  const owner = input.resourceAccountId ?? caller.accountId;
  const subject: Subject = {
    action: input.action,
    resource: input.resource,
    context: requestContext({ 'aws:ResourceAccount': owner, ...input.context }),
  };
  const question: Question = { input, subject, isTrust };

  for (const type of policyTypes) {
    const answers = policies[type]
      .flatMap(statementsOf)
      .map((statement) => denies(statement, type, question));
    const isDenied = answers.some((answer) => answer !== false);
    if (isDenied && isTrust) return trustDenial(input, true);
    if (isDenied) return explicitDenial(input, type, !answers.includes(true));
  }

  const refusing = refusingTypes(policies, question);
  const granted = input.resourcePolicy && grantOf(input.resourcePolicy, question);
  const refusal = refusalOf({
    refusing,
    granted,
    isTrust,
    isCrossAccount: owner !== caller.accountId,
    caller,
  });
  if (refusal === undefined) return { allowed: true };
  return isTrust ? trustDenial(input, false) : implicitDenial(input, refusal);
}

interface Question {
  readonly input: EvaluationInput;
  readonly subject: Subject;
  readonly isTrust: boolean;
}

type Policies = Readonly<Record<PolicyType, readonly PolicyDocument[]>>;

/** In the order in which a refusal names them. */
const policyTypes = ['identity', 'boundary', 'session', 'resource'] as const;

function policiesOf({ identity, boundary, session = [], resourcePolicy }: EvaluationInput): Policies {
  return {
    identity,
    boundary: boundary === undefined ? [] : [boundary],
    session,
    resource: resourcePolicy === undefined ? [] : [resourcePolicy],
  };
}

/** Whether a Deny statement applies; what is not plainly an Allow is taken for a Deny. */
function denies(
  versioned: VersionedStatement,
  type: PolicyType,
  { input, subject, isTrust }: Question,
): Truth {
  const { statement } = versioned;
  if (statement.Effect === 'Allow') return false;
  const covered = covers(versioned, subject, isTrust && type === 'resource');
  if (type !== 'resource') return hasPrincipal(versioned) ? every([covered, 'unclear']) : covered;
  return every([covered, isDeniedPrincipal(versioned, input)]);
}

function isDeniedPrincipal({ statement }: VersionedStatement, { caller, boundary }: EvaluationInput): Truth {
  const { Principal, NotPrincipal } = statement;
  if (Principal !== undefined && NotPrincipal === undefined) return namingOf(Principal, caller) !== undefined;
  if (NotPrincipal === undefined || Principal !== undefined) return 'unclear';
  // "Permissions boundaries for IAM entities": whoever has one is denied, listed or not.
  return boundary !== undefined || !isExemptByNotPrincipal(NotPrincipal, caller);
}

/** The policies of the caller's side that do not allow. */
function refusingTypes(policies: Policies, { input, subject }: Question): PolicyType[] {
  const allows = (document: PolicyDocument) =>
    statementsOf(document).some(
      (versioned) =>
        versioned.statement.Effect === 'Allow' &&
        !hasPrincipal(versioned) &&
        covers(versioned, subject, false) === true,
    );
  const isAllowedBy: Readonly<Record<PolicyType, boolean>> = {
    identity: input.caller.type === 'Account' || policies.identity.some(allows),
    boundary: policies.boundary.every(allows),
    session: policies.session.every(allows),
    resource: true,
  };
  return policyTypes.filter((type) => !isAllowedBy[type]);
}

/** How the resource's policy allows the caller, by the strongest of its statements; undefined when none does. */
function grantOf(document: PolicyDocument, { input, subject, isTrust }: Question): Naming | undefined {
  const namings = statementsOf(document).map((versioned) => {
    const { statement } = versioned;
    if (statement.Effect !== 'Allow' || covers(versioned, subject, isTrust) !== true) return undefined;
    const { Principal, NotPrincipal } = statement;
    if (Principal !== undefined && NotPrincipal === undefined) return namingOf(Principal, input.caller);
    if (NotPrincipal === undefined || Principal !== undefined) return undefined;
    // Everyone but the named. Read narrowly: it still leaves boundary and session policies their say.
    return namingOf(NotPrincipal, input.caller) === undefined ? 'role' : undefined;
  });
  return strongest(namings);
}

/** An identity-based policy cannot have one; IAM refuses to store it, so here it allows nothing. */
function hasPrincipal({ statement }: VersionedStatement): boolean {
  return statement.Principal !== undefined || statement.NotPrincipal !== undefined;
}

interface Sides {
  /** Policies of the caller's side that do not allow. */
  readonly refusing: readonly PolicyType[];
  /** How the resource's policy allows. */
  readonly granted: Naming | undefined;
  readonly isTrust: boolean;
  readonly isCrossAccount: boolean;
  readonly caller: Pick<Caller, 'type'>;
}

/** Rules 3 to 5: the type of policy for want of which the request is refused; undefined when it is allowed. */
function refusalOf({ refusing, granted, isTrust, isCrossAccount, caller }: Sides): PolicyType | undefined {
  // STS, AssumeRole: roles cannot be assumed with the root user's credentials.
  if (isTrust && (granted === undefined || caller.type === 'Account')) return 'resource';
  if (isCrossAccount) return refusing[0] ?? (granted === undefined ? 'resource' : undefined);
  if (granted === 'direct') return undefined;
  if (granted === 'role') return refusing.find((type) => type !== 'identity');
  return refusing[0];
}
