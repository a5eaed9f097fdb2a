/** One question to IAM: gathers the caller's policies as they are visible now, and evaluates them. */

import type { PolicyDocument } from '../policy/document.ts';
import { evaluate, globalContext } from '../policy/evaluate.ts';
import type { Authorize, Caller } from '../types.ts';
import { visibleDocument } from './managed-policy.ts';
import { type Account, type Entity, type IamState, keyOf, type Role, type User } from './state.ts';

export function createAuthorize(state: IamState): Authorize {
  return function authorize(question) {
    const { request, action, resource, resourceAccountId, resourcePolicy, context } = question;
    const { caller } = request;
    const entity = visibleEntity(state, caller);
    const account = state.accounts.get(caller.accountId);
    if (entity?.kind === 'role') state.lastUsed.note(entity.id, request.region);
    const answer = evaluate({
      action,
      resource,
      resourceAccountId,
      caller,
      context: {
        ...globalContext(caller, {
          now: state.clock.now(),
          sourceIp: request.sourceIp,
          orgId: account?.orgId,
          // Lets a test come through a VPC endpoint; the front has the like for the source address.
          sourceVpce: request.headers['x-sandbox-source-vpce'],
          principalTags: entity && Object.fromEntries(entity.tags),
          requestedRegion: request.region,
        }),
        ...context,
      },
      identity: entity && account ? identityPolicies(state, account, entity) : [],
      boundary: boundaryOf(state, entity),
      session: caller.session?.policies,
      resourcePolicy,
    });
    request.decisions.push({ action, resource, allowed: answer.allowed });
    return answer;
  };
}

/**
 * The user or role behind the caller, if it is still the one the caller's keys were made for: another of the
 * same name has another id, and sessions of the old one stay dead.
 */
export function visibleEntity(state: IamState, caller: Caller): User | Role | undefined {
  const account = state.accounts.get(caller.accountId);
  const id = caller.userId.split(':')[0] ?? '';
  const place = state.places.get(id);
  const entity = account && place && account[place.table].visible(place.key);
  return entity?.id === id ? entity : undefined;
}

function identityPolicies(state: IamState, account: Account, entity: User | Role): PolicyDocument[] {
  const groups = entity.kind === 'user' ? entity.groups : [];
  const bearers: readonly Entity[] = [
    entity,
    ...groups.flatMap((key) => account.groups.visible(keyOf(key)) ?? []),
  ];
  return bearers.flatMap(({ inline, attached }) => [
    ...[...inline.values()].map(({ document }) => document),
    ...attached.flatMap((arn) => visibleDocument(state, arn) ?? []),
  ]);
}

/** A boundary whose policy cannot be seen lets nothing through. */
function boundaryOf(state: IamState, entity: User | Role | undefined): PolicyDocument | undefined {
  if (entity?.boundaryArn === undefined) return undefined;
  return visibleDocument(state, entity.boundaryArn) ?? { Version: '2012-10-17', Statement: [] };
}
