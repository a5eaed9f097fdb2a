import type { PolicyDocument, PrincipalElement, Statement } from './document.ts';
import { trustActions } from './trust-actions.ts';
import { areSidsUnique, isFilled } from './validate-identity-policy.ts';

/** What IAM says first of a role's trust policy; undefined when it is fine. */
export function trustPolicyProblem(document: PolicyDocument): string | undefined {
  return firstProblem(document, (statement) => {
    const { Principal, Action, NotAction, Resource, NotResource } = statement;
    const problem = principalProblem(statement);
    if (problem !== undefined) return problem;
    // CreateRole takes everyone only in its long form.
    if (Principal === '*') return 'AssumeRolepolicy contained an invalid principal: "STAR":"*".';
    if (!isFilled(Action ?? NotAction)) return 'Missing required field Action';
    const actions = [Action ?? NotAction ?? []].flat();
    if (!actions.every((action) => trustActions.has(action.toLowerCase()))) {
      return 'AssumeRole policy may only specify STS AssumeRole actions.';
    }
    if (Resource !== undefined) return 'Has prohibited field Resource';
    return NotResource === undefined ? undefined : 'Has prohibited field NotResource';
  });
}

/** The same for the policy of a bucket or an API. */
export function resourcePolicyProblem(document: PolicyDocument): string | undefined {
  return firstProblem(document, (statement) => {
    const { Action, NotAction, Resource, NotResource } = statement;
    const problem = principalProblem(statement);
    if (problem !== undefined) return problem;
    if (!isFilled(Action ?? NotAction)) return 'Missing required field Action';
    return isFilled(Resource ?? NotResource) ? undefined : 'Missing required field Resource';
  });
}

function firstProblem(
  document: PolicyDocument,
  problemOf: (statement: Statement) => string | undefined,
): string | undefined {
  const statements = [document.Statement].flat();
  const problem = statements.map(problemOf).find((found) => found !== undefined);
  if (problem !== undefined) return problem;
  return areSidsUnique(statements) ? undefined : 'The Statement Ids in the policy are not unique';
}

function principalProblem({ Effect, Principal, NotPrincipal }: Statement): string | undefined {
  if (NotPrincipal !== undefined && Effect === 'Allow') return 'Allow with NotPrincipal is not allowed.';
  const element = Principal ?? NotPrincipal;
  if (element === undefined) return 'Missing required field Principal';
  const principals = namedPrincipals(element);
  if (principals.length === 0) return 'Missing required field Principal cannot be empty!';
  const invalid = principals.find(({ type, name }) => type === 'AWS' && !awsPrincipal.test(name));
  return invalid && `Invalid principal in policy: "AWS":"${invalid.name}"`;
}

function namedPrincipals(element: PrincipalElement): { type: string; name: string }[] {
  if (element === '*') return [{ type: 'AWS', name: '*' }];
  return Object.entries(element).flatMap(([type, names]) => [names].flat().map((name) => ({ type, name })));
}

/** Everyone, an account, one user, role or session, or the unique id kept of one. Never part of a name. */
const awsPrincipal =
  /^(\*|\d{12}|A(IDA|ROA)[A-Z0-9]{12,}|arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)\/[\w+=,.@/-]+)|arn:aws[a-z-]*:sts::\d{12}:(assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+))$/;
