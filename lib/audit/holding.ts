/** The statements about a role that hold now: its policies, its boundary, and what either denies. Pure. */

import type { AccountRole, ManagedPolicies } from './inventory.ts';
import { isAllowInForce, isDenyInForce } from './outsiders.ts';
import type { ReadStatement } from './policy-language.ts';

export interface HoldingSurroundings {
  readonly managed: ManagedPolicies;
  /** Epoch milliseconds: a date that has passed ends a statement. */
  readonly now: number;
}

export interface Holding {
  readonly policies: readonly InPolicy[];
  readonly bound: readonly ReadStatement[];
  readonly denied: readonly ReadStatement[];
  /** Denies that hold for some calls. */
  readonly conditional: readonly ReadStatement[];
}

export interface InPolicy {
  readonly policy: string;
  readonly statement: ReadStatement;
}

export function holdingOf(role: AccountRole, around: HoldingSurroundings): Holding {
  const policies = policiesOf(role, around);
  const boundary = role.boundaryArn === undefined ? undefined : around.managed.get(role.boundaryArn);
  // What is not in the inventory cannot be judged; it is taken to allow everything, so that no door is overlooked.
  const bound = boundary === undefined ? [everything] : (boundary?.statements ?? []);
  const denies = [...policies.map(({ statement }) => statement), ...bound].filter(
    ({ effect }) => effect === 'Deny',
  );
  return {
    policies: policies.filter(({ statement }) => isAllowInForce(statement, around.now)),
    bound: bound.filter((statement) => isAllowInForce(statement, around.now)),
    denied: denies.filter((statement) => isDenyInForce(statement, around.now)),
    conditional: denies.filter((statement) => !isDenyInForce(statement, around.now)),
  };
}

/** The same, of the statements about one thing only. */
export function holdingAbout(
  role: AccountRole,
  around: HoldingSurroundings,
  isAbout: (statement: ReadStatement) => boolean,
): Holding {
  const { policies, bound, denied, conditional } = holdingOf(role, around);
  return {
    policies: policies.filter(({ statement }) => isAbout(statement)),
    bound: bound.filter(isAbout),
    denied: denied.filter(isAbout),
    conditional: conditional.filter(isAbout),
  };
}

/** Equal for roles that may do the same by the same statements. Names of policies open nothing. */
export function holdingKey({ policies, ...rest }: Holding): string {
  return JSON.stringify([policies.map(({ statement }) => statement), rest]);
}

function policiesOf(role: AccountRole, { managed }: HoldingSurroundings): InPolicy[] {
  const policies = [
    ...role.inline.map(({ name, document }) => ({ policy: `inline policy ${name}`, document })),
    ...role.attached.map((arn) => ({ policy: `attached policy ${arn}`, document: managed.get(arn) })),
  ];
  return policies.flatMap(({ policy, document }) =>
    (document?.statements ?? []).map((statement) => ({ policy, statement })),
  );
}

const everything: ReadStatement = { effect: 'Allow', actions: ['*'], resources: ['*'], conditions: [] };

/** Of an administrator. */
export const wholeAccess: Holding = {
  policies: [{ policy: 'whole access', statement: everything }],
  bound: [everything],
  denied: [],
  conditional: [],
};
