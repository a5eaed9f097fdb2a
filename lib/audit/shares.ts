/** Shares made by hand: roles by which somebody outside the account can invoke an endpoint. Pure. */

import { type FederatedOutsider, federatedOf } from './federated.ts';
import { type Found, finding } from './findings.ts';
import type { Holding } from './holding.ts';
import type { AccountRole } from './inventory.ts';
import { type Outsider, outsidersOf } from './outsiders.ts';
import { conditionWords, type ReadCondition } from './policy-language.ts';
import {
  type Allowed,
  bearerAction,
  type EndpointAccount,
  endpointHolding,
  invokeActions,
  type ReachSurroundings,
  reachOf,
} from './reach.ts';

export interface HandMadeShare extends Opening {
  readonly role: AccountRole;
  readonly outsiders: readonly Outsider[];
  readonly federated: readonly FederatedOutsider[];
}

/** What a role opens to whoever is in it. */
export interface Opening {
  readonly allowed: readonly Allowed[];
  readonly isEstimate: boolean;
  readonly modes: readonly (keyof typeof invokeActions)[];
  /** The patterns by which endpoints are named. */
  readonly resources: readonly string[];
}

/** Undefined when nobody outside gets in, or nothing can be invoked from there. */
export function handMadeShare(role: AccountRole, around: ReachSurroundings): HandMadeShare | undefined {
  const outsiders = outsidersOf(role.trust, around.accountId, around.now);
  const federated = federatedOf(role.trust, around.now);
  if (outsiders.length + federated.length === 0) return undefined;
  const opening = openingOf(endpointHolding(role, around), endpointAccount(role, around.accountId));
  return opening && { role, outsiders, federated, ...opening };
}

/** Undefined when nothing can be invoked from there. */
export function openingOf(held: Holding, account: EndpointAccount): Opening | undefined {
  const { allowed, isEstimate } = reachOf(held, account);
  if (allowed.length === 0) return undefined;
  const invoked = allowed.filter(({ action }) => action !== bearerAction);
  return {
    allowed,
    isEstimate,
    modes: modeNames.filter((mode) => invoked.some(({ action }) => action === invokeActions[mode])),
    resources: [...new Set(invoked.map(({ resource }) => resource))],
  };
}

export function endpointAccount({ arn }: Pick<AccountRole, 'arn'>, accountId: string): EndpointAccount {
  return { partition: arn.split(':')[1] ?? 'aws', accountId };
}

/** Of a role by which somebody outside gets in; less bad where its owner accepts it, or knows who comes. */
export function shareFinding(
  code: 'share.unmanaged' | 'share.chained',
  role: Comers & Pick<AccountRole, 'arn' | 'tags'>,
  evidence: readonly string[],
  now: number,
): Found {
  const { isAccepted, line } = acceptanceOf(role, now);
  const found = finding(code, role.arn, [...(line ? [line] : []), ...evidence]);
  const severity = isAccepted ? 'low' : isOnlyNamedByProviders(role) ? 'medium' : found.severity;
  return { finding: { ...found, severity } };
}

/** An identity provider that names whom it lets in is how the account's own people and pipelines often come in. */
export function isOnlyNamedByProviders({ outsiders, federated }: Comers): boolean {
  return outsiders.length === 0 && !federated.some(isAnySubject);
}

/** Who comes in from outside. */
type Comers = Pick<HandMadeShare, 'outsiders' | 'federated'>;

/** Lines that say who can invoke what, and what is wrong with the way it was done. */
export function shareEvidence(share: HandMadeShare): string[] {
  return [
    ...whoComes(share),
    ...whatOpens(share),
    ...onlyIf([...conditionsOfTrust(share), ...conditionsOfPolicies(share)]),
    ...estimateOf(share),
    ...pitfallsOf(share).map(({ says }) => `Pitfall: ${says}`),
  ];
}

/** By this tag the account's owner lets a share be as it is, until a date. */
export const acceptedTag = 'sharemaker:accepted-until';

/** `line` says what the tag says, where there is one. A date counts from its beginning, UTC. */
export function acceptanceOf(
  { tags }: Pick<AccountRole, 'tags'>,
  now: number,
): { readonly isAccepted: boolean; readonly line?: string } {
  const text = tags[acceptedTag];
  if (text === undefined) return { isAccepted: false };
  const until = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(until))
    return { isAccepted: false, line: `Tag ${acceptedTag} = ${text}: not a date such as 2027-06-30.` };
  const isAccepted = until > now;
  return { isAccepted, line: `Accepted until ${text}${isAccepted ? '' : ', which is over'}.` };
}

export function pitfallsOf(share: HandMadeShare): readonly Pitfall[] {
  return pitfalls.filter(({ has }) => has(share));
}

interface Pitfall {
  readonly name: string;
  readonly says: string;
  readonly has: (share: HandMadeShare) => boolean;
}

/** What people get wrong when they share an endpoint by hand. */
export const pitfalls: readonly Pitfall[] = [
  {
    name: 'external id missing',
    says: 'no external id is required; whatever the caller sends is ignored',
    has: ({ outsiders }) => outsiders.some(({ externalIds }) => !externalIds),
  },
  {
    name: 'external id guessable',
    says: 'the external id is an account id or a pattern, which anybody can guess',
    has: ({ outsiders }) =>
      outsiders.some(({ externalIds }) => externalIds?.some((id) => /^\d{12}$/.test(id) || /[*?]/.test(id))),
  },
  {
    name: 'anybody',
    says: 'any AWS account in the world may assume it',
    has: ({ outsiders }) =>
      outsiders.some(({ accountId, orgIds, principals }) => !accountId && !orgIds && !principals),
  },
  {
    name: 'whole account',
    says: 'the whole account is trusted: whoever there may assume roles gets in',
    has: ({ outsiders }) => outsiders.some(({ accountId, principals }) => accountId && !principals),
  },
  {
    name: 'several accounts',
    says: 'several accounts share the role: none can be told from the others, or shut out alone',
    has: ({ outsiders }) => new Set(outsiders.flatMap(({ accountId }) => accountId ?? [])).size > 1,
  },
  {
    name: 'any subject',
    says: 'no subject is required: whoever has a token of the identity provider gets in',
    has: ({ federated }) => federated.some(isAnySubject),
  },
  {
    name: 'wildcard region',
    says: 'the Region is a wildcard: endpoints of that name in any Region are open',
    has: ({ resources }) => resources.some((resource) => /[*?]/.test(partOf(resource, 3))),
  },
  {
    name: 'wildcard endpoint',
    says: 'the endpoint is a wildcard: endpoints made later are open too',
    has: ({ resources }) => resources.some((resource) => /[*?]/.test(nameOf(resource))),
  },
  {
    name: 'capitals',
    says: 'the endpoint is written in capitals, but endpoint ARNs are lower-cased: IAM may never match it',
    has: ({ resources }) => resources.some((resource) => /[A-Z]/.test(nameOf(resource))),
  },
  {
    name: 'no expiry',
    says: 'it never expires',
    has: ({ outsiders, federated, allowed }) =>
      [...outsiders, ...federated].some(({ until }) => !until) && allowed.some(({ until }) => !until),
  },
  {
    name: 'bearer token',
    says: 'sagemaker:CallWithBearerToken is allowed: a token that works without the role',
    has: ({ allowed }) => allowed.some(({ action }) => action === bearerAction),
  },
  {
    name: 'sagemaker:*',
    says: 'far more than invoking is allowed (a wildcard takes in all of SageMaker)',
    has: ({ allowed }) =>
      allowed.some(({ actionPattern }) => ['*', 'sagemaker:*', 'NotAction'].includes(actionPattern)),
  },
];

const modeNames = ['sync', 'stream', 'async', 'bidirectional stream'] as const;

export function whoComes({ outsiders, federated }: Comers): string[] {
  return [...new Set([...outsiders.map(whoIs), ...federated.map(whoIsFederated)])].map(
    (who) => `Who: ${who}`,
  );
}

export function whatOpens({ resources, modes }: Opening): string[] {
  return [...resources.map((resource) => `What: ${whatIs(resource)}`), `How: ${modes.join(', ')}`];
}

export function estimateOf({ isEstimate }: Opening): string[] {
  return isEstimate
    ? ['Its policies name too many endpoints to weigh denies and boundary: it may reach fewer.']
    : [];
}

/** Conditions that the audit does not weigh. External ids are never shown. */
export function onlyIf(conditions: readonly ReadCondition[]): string[] {
  return [
    ...new Set(
      conditions
        .filter(({ key }) => key !== 'sts:externalid')
        .map((one) => `Only if: ${conditionWords(one)}`),
    ),
  ];
}

export function conditionsOfTrust({ outsiders, federated }: Comers): ReadCondition[] {
  return [...outsiders, ...federated].flatMap(({ unweighed }) => unweighed);
}

/** A date has its own pitfall. */
export function conditionsOfPolicies({ allowed }: Opening): ReadCondition[] {
  return allowed.flatMap(({ conditions }) => conditions).filter(({ key }) => key !== 'aws:currenttime');
}

function isAnySubject({ kind, subjects }: FederatedOutsider): boolean {
  return kind === 'oidc' && !subjects;
}

function whoIs({ accountId, principals, orgIds }: Outsider): string {
  const ofOrg = orgIds ? ` of organization ${orgIds.join(' or ')}` : '';
  if (principals) return `${principals.join(', ')}${ofOrg}`;
  return accountId ? `account ${accountId}${ofOrg}` : `any account${ofOrg}`;
}

function whoIsFederated({ provider, audiences, subjects }: FederatedOutsider): string {
  const who = subjects ? subjects.join(', ') : 'anybody';
  return `${who} of ${provider}${audiences ? ` for ${audiences.join(', ')}` : ''}`;
}

function whatIs(resource: string): string {
  if (/^\*+$/.test(resource)) return 'every endpoint in every Region';
  const region = partOf(resource, 3);
  const endpoint = /^\*+$/.test(nameOf(resource)) ? 'every endpoint' : `endpoint ${nameOf(resource)}`;
  return `${endpoint} in ${/^\*+$/.test(region) ? 'every Region' : region} (${resource})`;
}

/** A part of an ARN; where a wildcard stands for several of them, that wildcard. */
function partOf(resource: string, index: number): string {
  return resource.split(':')[index] ?? '*';
}

function nameOf(resource: string): string {
  const [, name = '*'] = /^(?:[^:]*:){5}[^/]*\/(.*)$/.exec(resource) ?? [];
  return name;
}
