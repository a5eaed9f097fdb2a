/** Who may call what, as example IAM policies: roles named by what people do, each with its operations. */

import {
  type Operation,
  type OperationName,
  operations,
  relayRoutes,
} from '../../lib/contract/operations.ts';

export interface ExampleRole {
  readonly of: 'parent' | 'child';
  readonly may: string;
  readonly operations: readonly (OperationName | 'invoke')[];
}

export const exampleRoles = {
  reader: {
    of: 'parent',
    may: 'see grants, with their external ids, and what audits found',
    operations: ['list-grants', 'get-grant', 'list-endpoints', 'list-audits', 'get-audit'],
  },
  auditor: {
    of: 'parent',
    may: 'run audits, also with `repair`, which changes share roles, and with `adopt`, which makes a grant',
    operations: ['audit-grants'],
  },
  'grant administrator': {
    of: 'parent',
    may: 'create, change and end grants, and read offers',
    operations: [
      'create-grant',
      'update-grant',
      'suspend-grant',
      'resume-grant',
      'rotate-grant',
      'revoke-grant',
      'get-offer',
    ],
  },
  'subscription operator': {
    of: 'child',
    may: 'accept, check and remove offers, and so decide to which account the payloads of an alias go',
    operations: [
      'accept-offer',
      'list-subscriptions',
      'get-subscription',
      'check-subscription',
      'remove-subscription',
    ],
  },
  invoker: { of: 'child', may: 'invoke one alias, in every mode of its grant', operations: ['invoke'] },
} as const satisfies Record<string, ExampleRole>;

type Route = Pick<Operation, 'method' | 'path'>;

const apis = {
  parent: 'arn:aws:execute-api:us-east-1:111111111111:a1b2c3d4e5/dev',
  child: 'arn:aws:execute-api:us-east-1:222222222222:f6g7h8i9j0/dev',
} as const;
/** The alias that the invoker may call. */
const alias = 'iris';

export function examplePolicy({ of, operations: names }: ExampleRole) {
  const routes = names.flatMap((name): readonly Route[] =>
    name === 'invoke'
      ? Object.values(relayRoutes).map((route) => ({ ...route, path: route.path.replace('{alias}', alias) }))
      : [operations[name]],
  );
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'execute-api:Invoke',
        Resource: routes.map(({ method, path }) => `${apis[of]}/${method}${path.replace(/\{\w+\}/g, '*')}`),
      },
    ],
  } as const;
}
