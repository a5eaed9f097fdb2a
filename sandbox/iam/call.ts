import type { ServiceRequest } from '../types.ts';
import type { Field } from './constraints.ts';
import type { Input } from './input.ts';
import type { Account, IamState } from './state.ts';
import type { XmlMembers } from './xml.ts';

/** One call of the IAM API, its parameters checked. */
export interface IamCall {
  readonly request: ServiceRequest;
  readonly input: Input;
  readonly state: IamState;
  readonly account: Account;
  readonly now: number;
}

export type ConditionContext = Readonly<Record<string, string | readonly string[]>>;

/** What IAM is asked before an operation runs. */
export interface Subject {
  /** An ARN or `*`. */
  readonly resource: string;
  /**
   * Set when nothing has that name: only a name is known then, not a path, and AWS's refusal shows it in this
   * form (`role a-name`). A policy confined to a path does not reach it.
   */
  readonly shownAs?: string;
  readonly context?: ConditionContext;
}

/** One row of the table of operations. */
export interface Operation {
  readonly required?: readonly Field[];
  readonly optional?: readonly Field[];
  readonly subject: (call: IamCall) => Subject;
  /** What tags in the request need besides: "Tag IAM roles", permissions required to create with tags. */
  readonly tagAction?: `Tag${string}`;
  /** Members of the result; undefined for operations that answer none. @throws AwsFault */
  readonly run: (call: IamCall) => XmlMembers | undefined;
}

export type Operations = Readonly<Record<string, Operation>>;

/** Operations that no resource limits. */
export const anyResource = (): Subject => ({ resource: '*' });
