import { AwsFault } from '../aws-fault.ts';
import type { Authorize, Service, ServiceRequest, ServiceResponse } from '../types.ts';
import { accessKeyOperations } from './access-keys.ts';
import { accountOperations } from './account.ts';
import type { IamCall, Operation, Operations } from './call.ts';
import { entityPolicyOperations } from './entity-policies.ts';
import { groupOperations } from './groups.ts';
import { readInput } from './input.ts';
import { policyOperations } from './policies.ts';
import { parseForm, queryAnswer, queryError } from './query-protocol.ts';
import { roleOperations } from './roles.ts';
import { asRead, type IamState } from './state.ts';
import { userOperations } from './users.ts';

/**
 * The IAM API (IAM API Reference, version 2010-05-08). In this order: the operation, its parameters, whether the
 * caller may, then the operation itself.
 */
export function createIamService(state: IamState, authorize: Authorize): Service {
  return {
    scopes: ['iam'],
    operationOf(request) {
      const action = parseForm(request).get('Action');
      return action !== null && Object.hasOwn(operations, action) ? action : undefined;
    },
    async handle(request) {
      try {
        return run(request, state, authorize);
      } catch (error) {
        if (error instanceof AwsFault) return queryError(error, request.id, namespace);
        throw error;
      }
    },
    error: (error, requestId) => queryError(error, requestId, namespace),
  };
}

const operations: Operations = {
  ...roleOperations,
  ...userOperations,
  ...groupOperations,
  ...entityPolicyOperations,
  ...accessKeyOperations,
  ...policyOperations,
  ...accountOperations,
};

function run(request: ServiceRequest, state: IamState, authorize: Authorize): ServiceResponse {
  const form = parseForm(request);
  const name = form.get('Action') ?? '';
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (!operation)
    throw new AwsFault(
      'InvalidAction',
      400,
      `Could not find operation ${name.slice(0, 64)} for version 2010-05-08`,
    );
  refuseUserSession(request);
  const call: IamCall = {
    request,
    input: readInput(form, operation),
    state,
    account: state.account(request.caller.accountId),
    now: state.clock.now(),
  };
  refuseDenied(name, operation, call, authorize);
  const members = operation.run(isRead(name) ? late(call) : call);
  return queryAnswer(name, members, { namespace, requestId: request.id });
}

function isRead(name: string): boolean {
  return /^(Get|List)/.test(name);
}

/** Of whom the caller may ask is known at once; what is answered may be of some time ago. */
function late(call: IamCall): IamCall {
  const state = asRead(call.state);
  return { ...call, state, account: state.account(call.account.id) };
}

/** STS, GetSessionToken: "You cannot call any IAM API operations unless MFA … is included", and nobody has MFA here. */
function refuseUserSession({ caller }: ServiceRequest): void {
  if (caller.type === 'User' && caller.session)
    throw new AwsFault('InvalidClientTokenId', 403, 'The security token included in the request is invalid');
}

function refuseDenied(name: string, operation: Operation, call: IamCall, authorize: Authorize): void {
  const { resource, shownAs, context } = operation.subject(call);
  const { tagAction } = operation;
  const actions = tagAction && call.input.tags.size > 0 ? [name, tagAction] : [name];
  for (const action of actions) {
    const answer = authorize({
      request: call.request,
      action: `iam:${action}`,
      resource,
      ...(context && { context }),
    });
    if (answer.allowed) continue;
    const message = shownAs === undefined ? answer.message : answer.message.replace(resource, shownAs);
    throw new AwsFault('AccessDenied', 403, message);
  }
}

const namespace = 'https://iam.amazonaws.com/doc/2010-05-08/';
