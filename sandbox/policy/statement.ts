import { coversResource } from './arn-pattern.ts';
import { conditionHolds } from './condition.ts';
import type { OneOrMany, PolicyDocument, Statement } from './document.ts';
import { matchesText } from './pattern.ts';
import type { RequestContext } from './request-context.ts';
import { every, not, some, type Truth } from './truth.ts';
import { expand } from './variables.ts';

/** What a statement is held against, whoever asks. */
export interface Subject {
  readonly action: string;
  readonly resource: string;
  readonly context: RequestContext;
}

/** A statement, and whether its document is of the version that has policy variables. */
export interface VersionedStatement {
  readonly statement: Statement;
  readonly hasVariables: boolean;
}

export function statementsOf(document: PolicyDocument): VersionedStatement[] {
  const hasVariables = document.Version === '2012-10-17';
  return [document.Statement].flat().map((statement) => ({ statement, hasVariables }));
}

/**
 * Whether the statement speaks of this action on this resource under these conditions. Its principal is left to
 * the caller. A trust policy has no Resource: it speaks of its role.
 */
export function covers(
  { statement, hasVariables }: VersionedStatement,
  subject: Subject,
  mayOmitResource: boolean,
): Truth {
  const action = coversAction(statement, subject.action);
  if (action === false) return false;
  const resource = coversResourceOf(statement, subject, hasVariables, mayOmitResource);
  if (resource === false) return false;
  return every([action, resource, conditionHolds(statement.Condition, subject.context, hasVariables)]);
}

/** "IAM JSON policy elements: Action": names are read without regard to case. */
function coversAction({ Action, NotAction }: Statement, action: string): Truth {
  const names = (patterns: OneOrMany) =>
    [patterns].flat().some((pattern) => matchesText(pattern.toLowerCase(), action.toLowerCase()));
  if (Action !== undefined && NotAction === undefined) return names(Action);
  if (NotAction !== undefined && Action === undefined) return !names(NotAction);
  return 'unclear';
}

function coversResourceOf(
  { Resource, NotResource }: Statement,
  { resource, context }: Subject,
  hasVariables: boolean,
  mayOmitResource: boolean,
): Truth {
  const names = (patterns: OneOrMany, whenUnresolved: Truth) =>
    some(
      [patterns].flat().map((pattern) => {
        const pieces = expand(pattern, context, hasVariables);
        return pieces === undefined ? whenUnresolved : coversResource(pieces, resource);
      }),
    );
  if (Resource !== undefined && NotResource === undefined) return names(Resource, false);
  // A variable without a value matches nothing, but an exception that cannot be read must not widen an Allow.
  if (NotResource !== undefined && Resource === undefined) return not(names(NotResource, 'unclear'));
  return Resource === undefined && mayOmitResource ? true : 'unclear';
}
