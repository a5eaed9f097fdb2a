/**
 * Refusals in AWS's words (IAM User Guide, "Troubleshoot access denied error messages"): who, what, on what, and
 * the type of policy that decided. Nothing of the request's conditions is repeated.
 */
export type PolicyType = 'identity' | 'boundary' | 'session' | 'resource';

export interface Denied {
  readonly allowed: false;
  readonly explicit: boolean;
  readonly message: string;
}

export interface DeniedRequest {
  readonly action: string;
  readonly resource: string;
  readonly caller: { readonly arn: string };
}

/** A Deny statement applied; `isUnclear` when it did only because the sandbox could not rule it out. */
export function explicitDenial(request: DeniedRequest, type: PolicyType, isUnclear: boolean): Denied {
  const doubt = isUnclear ? ' (taken to apply: it has an element that is malformed or unknown here)' : '';
  return {
    allowed: false,
    explicit: true,
    message: `${subject(request)} with an explicit deny in ${withArticle[type]}${doubt}`,
  };
}

/** No statement of that type of policy allows the action. */
export function implicitDenial(request: DeniedRequest, type: PolicyType): Denied {
  return {
    allowed: false,
    explicit: false,
    message: `${subject(request)} because no ${names[type]} allows the ${request.action} action`,
  };
}

/** STS never says which side refused: the trust policy is nobody else's business. */
export function trustDenial(request: DeniedRequest, explicit: boolean): Denied {
  return { allowed: false, explicit, message: subject(request) };
}

const names: Readonly<Record<PolicyType, string>> = {
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  resource: 'resource-based policy',
};

const withArticle: Readonly<Record<PolicyType, string>> = {
  identity: `an ${names.identity}`,
  boundary: `a ${names.boundary}`,
  session: `a ${names.session}`,
  resource: `a ${names.resource}`,
};

function subject({ caller, action, resource }: DeniedRequest): string {
  return `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource}`;
}
