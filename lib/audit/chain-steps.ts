/** Where one gets from a role of the account, in accounts of any size. Pure. */

import {
  alwaysAsks,
  type Entering,
  enters,
  type LinkRole,
  mayAssume,
  mayAssumeAny,
  rightsOf,
  rolesNamed,
  type Welcome,
} from './assuming.ts';
import { sessionRoleName } from './policy-language.ts';
import { matches } from './wildcards.ts';

/** Roles that welcome others in the same words. */
interface Group {
  readonly welcome: Welcome;
  readonly members: ReadonlySet<LinkRole>;
}

/** One AssumeRole; `asks` are lines for people, the conditions that nobody can weigh beforehand. */
export interface Step {
  readonly to: LinkRole;
  readonly asks: readonly string[];
}

/** What one search has come to. */
export interface Search {
  /** Those whose steps are asked for among them. */
  readonly reached: Set<LinkRole>;
  /** By a way with conditions at least. */
  readonly waiting: Set<LinkRole>;
  /** Members of a group that are neither, as far as it was looked at; in a search that asks for conditions, or does not. */
  readonly left: {
    readonly free: Map<Group, readonly LinkRole[]>;
    readonly asking: Map<Group, readonly LinkRole[]>;
  };
}

export type StepsFrom = (from: LinkRole, search: Search) => Step[];

/**
 * Answers where one gets from a role, of those that were not reached yet. Large accounts have thousands of roles that may
 * assume any other and thousands that trust the whole account, so pairs of these are neither tried beforehand nor kept, and
 * who was reached is not looked at again.
 */
export function stepsAmong(roles: readonly LinkRole[]): StepsFrom {
  const groupsFor = groupLookup(roles);
  const byArn = new Map(roles.map((role) => [role.arn, role]));
  const entered = new Map<LinkRole, readonly { readonly group: Group; readonly entering: Entering }[]>();
  /** Whom roles with the same policies may assume in a group. */
  const matched = new Map<string, ReadonlyMap<Group, readonly Step[]>>();

  const entriesFrom = (from: LinkRole) => {
    const known = entered.get(from);
    if (known) return known;
    const found = groupsFor(from).flatMap((group) => {
      const entering = enters(from, group.welcome);
      return entering ? [{ group, entering }] : [];
    });
    entered.set(from, found);
    return found;
  };
  const matchesIn = (from: LinkRole, group: Group, entering: Entering): readonly Step[] => {
    const key = rightsOf(from) + JSON.stringify(entering);
    const known = matched.get(key)?.get(group);
    if (known) return known;
    const named = entering.identity ? rolesNamed(from) : undefined;
    const candidates = named?.flatMap((arn) => byArn.get(arn) ?? []).filter((to) => group.members.has(to));
    const steps = stepsInto(from, candidates ?? [...group.members], entering);
    matched.set(key, new Map([...(matched.get(key) ?? []), [group, steps]]));
    return steps;
  };

  return (from, { reached, waiting, left }) =>
    entriesFrom(from).flatMap(({ group, entering }) => {
      if (!mayAssumeAny(from, entering))
        return matchesIn(from, group, entering).filter(({ to }) => !reached.has(to));
      const isAsking = alwaysAsks(from, entering);
      const lists = isAsking ? left.asking : left.free;
      const open = (lists.get(group) ?? [...group.members]).filter(
        (to) => !reached.has(to) && !(isAsking && waiting.has(to)),
      );
      lists.set(group, open);
      return stepsInto(from, open, entering);
    });
}

function stepsInto(from: LinkRole, candidates: readonly LinkRole[], entering: Entering): Step[] {
  return candidates.flatMap((to) => {
    const asks = mayAssume(from, to, entering);
    return asks ? [{ to, asks }] : [];
  });
}

/** Answers the groups whose welcome may be for a role: all of them, and not many others. */
function groupLookup(roles: readonly LinkRole[]): (from: LinkRole) => readonly Group[] {
  const welcomes = roles.flatMap((role) => role.welcomes.map((welcome) => ({ welcome, role })));
  const groups = [...Map.groupBy(welcomes, ({ welcome }) => JSON.stringify(welcome)).values()].flatMap(
    (alike): Group[] => {
      const [first] = alike;
      return first ? [{ welcome: first.welcome, members: new Set(alike.map(({ role }) => role)) }] : [];
    },
  );
  const byKey = new Map<string, Group[]>();
  for (const group of groups)
    for (const key of new Set(keysOf(group.welcome))) {
      const alike = byKey.get(key) ?? [];
      alike.push(group);
      byKey.set(key, alike);
    }
  const patterns = [...byKey.keys()].filter((key) => /[*?]/.test(key));
  return ({ arn, name, accountId, held }) => {
    // Whom an account's trust lets in needs a policy of its own, which few have.
    const asMember = held.policies.length > 0 ? [accountId] : [];
    const keys = [arn, name, ...asMember, ...patterns.filter((pattern) => matches(pattern, arn))];
    return [...new Set(keys.flatMap((key) => byKey.get(key) ?? []))];
  };
}

/** ARNs, patterns of them, an account, or the name of a role whose sessions are meant. */
function keysOf({ principal, heldTo }: Welcome): readonly string[] {
  return heldTo ?? [sessionRoleName(principal) ?? principal.slice('AWS:'.length)];
}
