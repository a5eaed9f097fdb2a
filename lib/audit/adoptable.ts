/** What a share made by hand lets through to one endpoint, in the words of a grant; or what of it no grant can say. Pure. */

import type { Mode } from '../contract/fields.ts';
import type { AccountRole } from './inventory.ts';
import { isEnd, type Outsider } from './outsiders.ts';
import type { ReadCondition } from './policy-language.ts';
import { type Allowed, invokeActions, type ReachSurroundings, reachAt } from './reach.ts';
import type { HandMadeShare } from './shares.ts';

/** As much of the body of create-grant as the share decides. Never wider than the share. */
export interface Adoptable {
  readonly child: {
    readonly accountId: string;
    readonly principals?: readonly string[];
    readonly orgId?: string;
  };
  readonly modes: readonly Mode[];
  readonly targets?: { readonly models: readonly string[] };
  readonly conditions?: { readonly sourceIps?: readonly string[]; readonly sourceVpces?: readonly string[] };
  /** ISO 8601. */
  readonly until?: string;
}

/** Why not, for people. */
export class NotAdoptable extends Error {
  override readonly name = 'NotAdoptable';
}

/** Throws NotAdoptable. */
export function adoptableOf(share: HandMadeShare, around: ReachSurroundings, endpointArn: string): Adoptable {
  const { allowed, hindrances } = reachAt(share.role, around, endpointArn);
  refuseAny('a deny or the boundary', hindrances);
  refuseAny('the trust policy', unsayableIn(share.role));
  const narrowing = narrowingOf(allowed);
  const ends = [...share.outsiders, ...allowed].flatMap(({ until }) => until ?? []).sort();
  return {
    child: childOf(share),
    modes: modesOf(allowed),
    ...narrowing,
    ...(ends[0] && { until: ends[0] }),
  };
}

function childOf({ outsiders, federated }: HandMadeShare): Adoptable['child'] {
  if (federated.length > 0)
    throw new NotAdoptable('It trusts an identity provider; a grant is for an account.');
  refuseAny(
    'the trust policy',
    outsiders.flatMap(({ unweighed }) => unweighed),
  );
  const [accountId, ...more] = new Set(outsiders.map((outsider) => outsider.accountId));
  if (accountId === undefined || more.length > 0)
    throw new NotAdoptable('It trusts more than one account; create a grant for each that still needs it.');
  const orgId = orgOf(outsiders);
  const isWhole = outsiders.some(({ principals }) => !principals);
  const principals = new Set(outsiders.flatMap((outsider) => outsider.principals ?? []));
  return { accountId, ...(!isWhole && { principals: [...principals] }), ...(orgId && { orgId }) };
}

function orgOf(outsiders: readonly Outsider[]): string | undefined {
  const [first, ...others] = new Set(outsiders.map(({ orgIds }) => orgIds?.join(' ') ?? ''));
  if (others.length > 0 || first?.includes(' '))
    throw new NotAdoptable('It asks some for one organization and some for another; a grant knows one.');
  return first || undefined;
}

function modesOf(allowed: readonly Allowed[]): Mode[] {
  const modes = grantModes.filter((mode) => allowed.some(({ action }) => action === invokeActions[mode]));
  if (modes.length === 0) throw new NotAdoptable('It allows no mode that a grant has.');
  if (modes.includes('stream') && !modes.includes('sync'))
    throw new NotAdoptable(
      'It allows streams without InvokeEndpoint; a grant of mode stream would allow both.',
    );
  return modes;
}

const grantModes = ['sync', 'stream', 'async'] as const;

/** The conditions under which every mode is open, dates apart. A statement without any makes those of others mean nothing. */
function narrowingOf(allowed: readonly Allowed[]): Pick<Adoptable, 'targets' | 'conditions'> {
  const ofModes = grantModes
    .map((mode) => allowed.filter(({ action }) => action === invokeActions[mode]))
    .filter((statements) => statements.length > 0)
    .map((statements) => statements.map(({ conditions }) => conditions.filter((one) => !isEnd(one))))
    .map((statements) => (statements.some(({ length }) => length === 0) ? [[]] : statements));
  const different = new Map(ofModes.flat().map((conditions) => [JSON.stringify(conditions), conditions]));
  const [conditions = [], ...others] = different.values();
  if (others.length > 0)
    throw new NotAdoptable('Its statements have different conditions; those of a grant hold for all of it.');
  refuseAny(
    'its policies',
    conditions.filter((condition) => !sayable(condition)),
  );
  const of = (key: string) => conditions.find((condition) => condition.key === key)?.values;
  const [models, sourceIps, sourceVpces] = ['sagemaker:targetmodel', 'aws:sourceip', 'aws:sourcevpce'].map(
    of,
  );
  if (new Set(conditions.map(({ key }) => key)).size < conditions.length || (sourceIps && sourceVpces))
    throw new NotAdoptable(
      'It asks for several conditions on the caller at once; addresses and VPC endpoints of a grant are alternatives.',
    );
  return {
    ...(models && { targets: { models } }),
    ...((sourceIps || sourceVpces) && {
      conditions: { ...(sourceIps && { sourceIps }), ...(sourceVpces && { sourceVpces }) },
    }),
  };
}

/** What the policy of a grant says in the same way. Where it takes patterns, no literal may look like one. */
function sayable({ operator, key, values }: ReadCondition): boolean {
  const isLiteral = values.every((value) => !/[*?$]/.test(value));
  if (key === 'sagemaker:targetmodel')
    return operator === 'StringLike' || (operator === 'StringEquals' && isLiteral);
  if (key === 'aws:sourceip') return operator === 'IpAddress';
  return key === 'aws:sourcevpce' && operator === 'StringEquals' && isLiteral;
}

/** Denies that depend on the call, which a grant has none of; and stars that are meant as letters, but would be patterns in a grant. */
function unsayableIn({ trust }: AccountRole): ReadCondition[] {
  return (trust?.statements ?? []).flatMap(({ effect, conditions }) =>
    conditions.filter(
      ({ operator, key, values }) =>
        effect === 'Deny' ||
        (key === 'aws:principalarn' &&
          operator.endsWith('StringEquals') &&
          values.some((value) => /[*?]/.test(value))),
    ),
  );
}

function refuseAny(where: string, conditions: readonly ReadCondition[]): void {
  const [condition] = conditions;
  if (!condition) return;
  const { operator, key } = condition;
  throw new NotAdoptable(`A grant cannot say a condition of ${where}: ${operator} ${key}.`);
}
