/**
 * Role chaining: how somebody outside the account gets from a role that lets them in to others of the account, and from
 * there to an endpoint. Pure.
 */

import { type LinkRole, linkRole, type Welcome, wayTo } from './assuming.ts';
import { type FederatedOutsider, federatedOf } from './federated.ts';
import type { AccountRole } from './inventory.ts';
import { type Outsider, outsidersOf } from './outsiders.ts';
import type { ReadCondition } from './policy-language.ts';
import type { ReachSurroundings } from './reach.ts';
import {
  conditionsOfPolicies,
  conditionsOfTrust,
  estimateOf,
  type Opening,
  onlyIf,
  openingOf,
  opensMore,
  whatOpens,
  whoComes,
} from './shares.ts';
import { matches } from './wildcards.ts';

/** Somebody outside gets into the first role, and through it to others that open endpoints. */
export interface Chain {
  readonly entry: Entry;
  /** The nearest first. */
  readonly ends: readonly ChainEnd[];
}

export interface Entry {
  readonly arn: string;
  readonly outsiders: readonly Outsider[];
  readonly federated: readonly FederatedOutsider[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface ChainEnd {
  /** Names of roles, the entry's first. */
  readonly path: readonly string[];
  readonly opening: Opening;
  /** On the way, as far as nobody can weigh them beforehand. */
  readonly conditions: readonly ReadCondition[];
}

export interface ChainMap {
  /** Only what can be part of a chain is kept of it. */
  add(role: AccountRole): void;
  /** In the order of their entries' ARNs. Not those whose ends open nothing that the entry does not open itself. */
  chains(): Chain[];
}

/** More than a finding shows. */
const endsMax = 40;

interface Place {
  readonly link: LinkRole;
  readonly opening: Opening | undefined;
  readonly entry: Entry | undefined;
}

interface Way {
  readonly at: Place;
  readonly path: readonly string[];
  readonly conditions: readonly ReadCondition[];
}

interface Step {
  readonly to: Place;
  readonly conditions: readonly ReadCondition[];
}

export function createChainMap(around: ReachSurroundings): ChainMap {
  const places: Place[] = [];

  const chains = () => {
    if (!places.some(({ opening }) => opening)) return [];
    const sorted = places.toSorted((a, b) => (a.link.arn < b.link.arn ? -1 : 1));
    const stepsFrom = steps(sorted);
    return sorted.flatMap((place) => {
      if (!place.entry) return [];
      const ends = endsOf(place, stepsFrom);
      return ends.length > 0 ? [{ entry: place.entry, ends }] : [];
    });
  };

  return {
    add(role) {
      const outsiders = outsidersOf(role.trust, around.accountId, around.now);
      const federated = federatedOf(role.trust, around.now);
      const link = linkRole(role, around);
      const isEntry = outsiders.length + federated.length > 0;
      if (!isEntry && link.welcomes.length === 0) return;
      const entry = isEntry ? { arn: role.arn, outsiders, federated, tags: role.tags } : undefined;
      places.push({ link, opening: openingOf(role, around), entry });
    },
    chains,
  };
}

/** Answers where one gets from a place; each place is asked once. */
function steps(places: readonly Place[]): (from: Place) => readonly Step[] {
  const welcomed = Map.groupBy(
    places.flatMap((place) => {
      const keys = new Set(place.link.welcomes.flatMap(keysOf));
      return [...keys].map((key) => ({ key, place }));
    }),
    ({ key }) => key,
  );
  const patterns = [...welcomed.keys()].filter(isPattern);
  const find = (from: Place): readonly Step[] => {
    const candidates = keysFor(from.link, patterns).flatMap((key) => welcomed.get(key) ?? []);
    return [...new Set(candidates.map(({ place }) => place))].flatMap((to) => {
      const conditions = to === from ? undefined : wayTo(from.link, to.link);
      return conditions ? [{ to, conditions }] : [];
    });
  };
  const known = new Map<Place, readonly Step[]>();
  return (from) => {
    const found = known.get(from) ?? find(from);
    known.set(from, found);
    return found;
  };
}

/** Under what a place is looked up by whom a welcome may be for: ARNs, patterns of them, an account, a name. */
function keysOf({ principal, heldTo }: Welcome): readonly string[] {
  const [, sessionsRole] = /:assumed-role\/([^/]+)\//.exec(principal) ?? [];
  return heldTo ?? [sessionsRole ?? principal.slice('AWS:'.length)];
}

function keysFor({ arn, name, accountId, held }: LinkRole, patterns: readonly string[]): readonly string[] {
  if (held.denied.some(({ resources }) => resources?.includes('*'))) return [];
  // Whom an account's trust lets in needs a policy of its own, which few have.
  const asMember = held.policies.length > 0 ? [accountId] : [];
  return [arn, name, ...asMember, ...patterns.filter((pattern) => matches(pattern, arn))];
}

function isPattern(key: string): boolean {
  return /[*?]/.test(key);
}

/** Breadth first, so that each place is reached by the shortest way. */
function endsOf(entry: Place, stepsFrom: (from: Place) => readonly Step[]): ChainEnd[] {
  const ends: ChainEnd[] = [];
  const reached = new Set([entry]);
  const ways: Way[] = [{ at: entry, path: [entry.link.name], conditions: [] }];
  for (const { at, path, conditions } of ways) {
    for (const step of stepsFrom(at)) {
      const { link, opening } = step.to;
      if (reached.has(step.to)) continue;
      reached.add(step.to);
      const way = {
        at: step.to,
        path: [...path, link.name],
        conditions: [...conditions, ...step.conditions],
      };
      ways.push(way);
      if (opening && opensMore(opening, entry.opening))
        ends.push({ path: way.path, opening, conditions: way.conditions });
      if (ends.length === endsMax) return ends;
    }
  }
  return ends;
}

/** Lines that say who gets in, and by which roles to what. */
export function chainEvidence({ entry, ends }: Chain): string[] {
  return [
    ...whoComes(entry),
    ...onlyIf(conditionsOfTrust(entry)),
    ...ends.flatMap(({ path, opening, conditions }) => [
      `Through: ${path.join(' → ')}`,
      ...whatOpens(opening),
      ...onlyIf([...conditions, ...conditionsOfPolicies(opening)]),
      ...estimateOf(opening),
    ]),
  ];
}
