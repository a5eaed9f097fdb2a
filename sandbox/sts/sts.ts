import { AwsFault } from '../aws-fault.ts';
import type { Field } from '../iam/constraints.ts';
import { type Input, readInput } from '../iam/input.ts';
import { parseForm, queryAnswer, queryError } from '../iam/query-protocol.ts';
import type { Sessions } from '../iam/sessions.ts';
import type { IamState } from '../iam/state.ts';
import type { XmlMembers } from '../iam/xml.ts';
import type { Authorize, Service, ServiceRequest, ServiceResponse } from '../types.ts';
import { assumeRole } from './assume-role.ts';
import { getSessionToken } from './get-session-token.ts';

export interface StsParts {
  readonly state: IamState;
  readonly sessions: Sessions;
  readonly authorize: Authorize;
}

export interface StsCall extends StsParts {
  readonly request: ServiceRequest;
  readonly input: Input;
}

/** The STS API (AWS STS API Reference, version 2011-06-15). */
export function createStsService(parts: StsParts): Service {
  return {
    scopes: ['sts'],
    operationOf(request) {
      const action = parseForm(request).get('Action');
      return action !== null && Object.hasOwn(operations, action) ? action : undefined;
    },
    async handle(request) {
      try {
        return run(request, parts);
      } catch (error) {
        if (error instanceof AwsFault) return queryError(error, request.id, namespace);
        throw error;
      }
    },
    error: (error, requestId) => queryError(error, requestId, namespace),
  };
}

interface StsOperation {
  readonly required?: readonly Field[];
  readonly optional?: readonly Field[];
  readonly run: (call: StsCall) => XmlMembers;
}

const operations: Readonly<Record<string, StsOperation>> = {
  AssumeRole: {
    required: ['RoleArn', 'RoleSessionName'],
    optional: ['ExternalId', 'SourceIdentity', 'DurationSeconds', 'Policy'],
    run: assumeRole,
  },
  GetCallerIdentity: {
    // "No permissions are required to perform this operation", and no policy can take it away.
    run: ({ request: { caller } }) => ({ Arn: caller.arn, UserId: caller.userId, Account: caller.accountId }),
  },
  GetSessionToken: {
    optional: ['SessionDurationSeconds'],
    run: getSessionToken,
  },
};

function run(request: ServiceRequest, parts: StsParts): ServiceResponse {
  const form = parseForm(request);
  const name = form.get('Action') ?? '';
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (!operation)
    throw new AwsFault(
      'InvalidAction',
      400,
      `Could not find operation ${name.slice(0, 64)} for version 2011-06-15`,
    );
  const input = readInput(form, operation);
  return queryAnswer(name, operation.run({ ...parts, request, input }), { namespace, requestId: request.id });
}

const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
