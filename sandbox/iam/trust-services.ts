import type { PolicyDocument, Statement } from '../policy/document.ts';

/**
 * Whether an AWS service may assume the role: some statement allows it without condition, and none denies. The
 * evaluator has no service callers, so the sandbox's Lambda asks here.
 */
export function admitsService(trust: PolicyDocument, service: string): boolean {
  const statements = ([] as Statement[]).concat(trust.Statement).filter((each) => names(each, service));
  return (
    statements.some(({ Effect, Condition }) => Effect === 'Allow' && Condition === undefined) &&
    !statements.some(({ Effect }) => Effect === 'Deny')
  );
}

function names({ Principal, Action }: Statement, service: string): boolean {
  const actions = [Action ?? []].flat().map((action) => action.toLowerCase());
  if (!actions.some((action) => ['sts:assumerole', 'sts:*', '*'].includes(action))) return false;
  if (Principal === undefined) return false;
  return Principal === '*' || [Principal.Service ?? []].flat().includes(service);
}
