/**
 * Role chaining: how somebody outside the account gets from a role that lets them in to others of the account, and from
 * there to an endpoint. Pure.
 */

import { type LinkRole, linkRole } from './assuming.ts';
import { type Search, type Step, type StepsFrom, stepsAmong } from './chain-steps.ts';
import { type FederatedOutsider, federatedOf } from './federated.ts';
import { type Holding, holdingKey, wholeAccess } from './holding.ts';
import type { AccountRole } from './inventory.ts';
import { type Outsider, outsidersOf } from './outsiders.ts';
import { endpointHolding, type ReachSurroundings, reachesMore } from './reach.ts';
import {
  conditionsOfPolicies,
  conditionsOfTrust,
  endpointAccount,
  estimateOf,
  type Opening,
  onlyIf,
  openingOf,
  whatOpens,
  whoComes,
} from './shares.ts';

/** Somebody outside gets into the first role, and through it to others that open endpoints. */
export interface Chain {
  readonly entry: Entry;
  /** The nearest first; of roles that open the same by the same policies, one. */
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
  /** Lines for people: conditions on the way that nobody can weigh beforehand. */
  readonly asks: readonly string[];
}

export interface ChainMap {
  /** Only what can be part of a chain is kept of it. */
  add(role: AccountRole): void;
  /** In the order of their entries' ARNs. Not those whose ends open nothing that the entry does not open itself. */
  chains(): Iterable<Chain>;
}

/** More than a finding shows. */
const endsMax = 40;

interface Place {
  readonly link: LinkRole;
  readonly door: Door | undefined;
  readonly entry: Entry | undefined;
}

/** What a role opens, and by what it is said. Roles of the same policies share one. */
interface Door {
  readonly held: Holding;
  readonly opening: Opening;
}

interface Way {
  readonly at: LinkRole;
  readonly before: Way | undefined;
  readonly asks: readonly string[];
}

export function createChainMap(around: ReachSurroundings): ChainMap {
  const places: Place[] = [];
  const doors = new Map<string, Door | undefined>();

  const doorOf = (role: AccountRole): Door | undefined => {
    const held = endpointHolding(role, around);
    if (held.policies.length === 0) return undefined;
    const key = holdingKey(held);
    if (!doors.has(key)) {
      const opening = openingOf(held, endpointAccount(role, around.accountId));
      doors.set(key, opening && { held, opening });
    }
    return doors.get(key);
  };

  return {
    add(role) {
      const outsiders = outsidersOf(role.trust, around.accountId, around.now);
      const federated = federatedOf(role.trust, around.now);
      const link = linkRole(role, around);
      const isEntry = outsiders.length + federated.length > 0;
      if (!isEntry && link.welcomes.length === 0) return;
      const entry = isEntry ? { arn: role.arn, outsiders, federated, tags: role.tags } : undefined;
      places.push({ link, door: doorOf(role), entry });
    },

    *chains() {
      if (!places.some(({ door }) => door)) return;
      const sorted = places.toSorted((a, b) => (a.link.arn < b.link.arn ? -1 : 1));
      const stepsFrom = stepsAmong(sorted.map(({ link }) => link));
      const doorAt = new Map(sorted.map(({ link, door }) => [link, door]));
      for (const place of sorted) {
        if (!place.entry) continue;
        const ends = endsOf(place, doorAt, stepsFrom);
        if (ends.length > 0) yield { entry: place.entry, ends };
      }
    },
  };
}

/** Breadth first, so that each place is reached by the shortest way; by ways without conditions before any other. */
function endsOf(
  { link, door }: Place,
  doorAt: ReadonlyMap<LinkRole, Door | undefined>,
  stepsFrom: StepsFrom,
): ChainEnd[] {
  const account = endpointAccount(link, link.accountId);
  // Nothing is left that another could open.
  if (door && !reachesMore(wholeAccess, door.held, account)) return [];
  const ends: ChainEnd[] = [];
  const told = new Set([door, undefined]);
  const ways: Way[] = [{ at: link, before: undefined, asks: [] }];
  const conditional: Way[] = [];
  const search: Search = {
    reached: new Set([link]),
    waiting: new Set(),
    left: { free: new Map(), asking: new Map() },
  };
  const { reached, waiting } = search;

  const arrive = (way: Way) => {
    const { at, asks } = way;
    if (reached.has(at)) return;
    reached.add(at);
    ways.push(way);
    const end = doorAt.get(at);
    if (!end || told.has(end)) return;
    told.add(end);
    if (!door || reachesMore(end.held, door.held, account))
      ends.push({ path: pathOf(way), opening: end.opening, asks });
  };
  for (const [index, before] of ways.entries()) {
    const steps = stepsFrom(before.at, search).sort(byNameAndAsks);
    for (const { to, asks: more } of steps) {
      const way = { at: to, before, asks: more.length > 0 ? [...before.asks, ...more] : before.asks };
      if (more.length === 0) arrive(way);
      else if (!waiting.has(to)) {
        waiting.add(to);
        conditional.push(way);
      }
    }
    while (index === ways.length - 1 && conditional.length > 0) arrive(conditional.shift() as Way);
    if (ends.length >= endsMax) break;
  }
  return ends;
}

function pathOf(way: Way | undefined): string[] {
  return way ? [...pathOf(way.before), way.at.name] : [];
}

/** So that the same account tells the same. */
function byNameAndAsks(a: Step, b: Step): number {
  if (a.to !== b.to) return a.to.arn < b.to.arn ? -1 : 1;
  return a.asks.length - b.asks.length || (a.asks.join() < b.asks.join() ? -1 : 1);
}

/** Lines that say who gets in, and by which roles to what. */
export function chainEvidence({ entry, ends }: Chain): string[] {
  return [
    ...whoComes(entry),
    ...onlyIf(conditionsOfTrust(entry)),
    ...ends.flatMap(({ path, opening, asks }) => [
      `Through: ${path.join(' → ')}`,
      ...whatOpens(opening),
      ...new Set([...asks, ...onlyIf(conditionsOfPolicies(opening))]),
      ...estimateOf(opening),
    ]),
  ];
}
