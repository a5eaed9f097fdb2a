/** Who may assume a role by way of an identity provider, by its trust policy. Pure. */

import { concerns, isAllowInForce, isDenyInForce, untilOf } from './outsiders.ts';
import type { ReadCondition, ReadDocument, ReadStatement } from './policy-language.ts';

export interface FederatedOutsider {
  /** Host and path of an OpenID Connect provider, or a name such as `saml-provider/Staff`. */
  readonly provider: string;
  readonly kind: 'oidc' | 'saml';
  readonly audiences?: readonly string[];
  /** Undefined: any subject of the provider. */
  readonly subjects?: readonly string[];
  readonly until?: string;
  /** Conditions that the above does not say. */
  readonly unweighed: readonly ReadCondition[];
}

const actionOf = { oidc: 'sts:assumerolewithwebidentity', saml: 'sts:assumerolewithsaml' } as const;
const kinds = ['oidc', 'saml'] as const;

/**
 * Empty when nobody gets in that way. Pods of an EKS cluster whose service account is named are inside, as are the people of
 * IAM Identity Center: they are how the account's own work and staff get their roles.
 */
export function federatedOf(trust: ReadDocument | undefined, now: number): FederatedOutsider[] {
  const statements = trust?.statements ?? [];
  const closed = statements.filter((statement) => isDenyInForce(statement, now));
  return statements
    .filter((statement) => isAllowInForce(statement, now))
    .flatMap((statement) =>
      kinds
        .filter((kind) => concerns(statement, actionOf[kind]))
        .flatMap((kind) => ways(statement, kind, closed)),
    )
    .filter((one) => !isInside(one));
}

function ways(
  { principals = [], conditions }: ReadStatement,
  kind: FederatedOutsider['kind'],
  closed: readonly ReadStatement[],
): FederatedOutsider[] {
  const until = untilOf(conditions);
  const open = principals.filter(
    (principal) => !closed.some((deny) => concerns(deny, actionOf[kind]) && isShut(deny, principal)),
  );
  return open
    .filter((principal) => principal.startsWith('Federated:') && isOfKind(principal, kind))
    .map((principal) => {
      const audiences = conditions.find(
        ({ key, operator }) => isHolding(operator) && /:(?:aud|app_id)$/.test(key),
      );
      const subjects = conditions.find(
        ({ key, operator, values }) => isHolding(operator) && key.endsWith(':sub') && !values.includes('*'),
      );
      return {
        provider: providerOf(principal),
        kind,
        ...(audiences && { audiences: audiences.values }),
        ...(subjects && { subjects: subjects.values }),
        ...(until && { until }),
        unweighed: conditions.filter(
          (one) => one !== audiences && one !== subjects && !/^Date/.test(one.operator),
        ),
      };
    });
}

function isShut(deny: ReadStatement, principal: string): boolean {
  return deny.principals?.some((shut) => shut === 'AWS:*' || shut === principal) ?? false;
}

function isOfKind(principal: string, kind: FederatedOutsider['kind']): boolean {
  return /:saml-provider\//.test(principal) === (kind === 'saml');
}

/** `arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com`, or the name of one that AWS knows. */
function providerOf(principal: string): string {
  return principal.replace(/^Federated:/, '').replace(/^arn:[^:]*:iam::\d{12}:(?:oidc-provider\/)?/, '');
}

function isInside({ provider, kind, subjects }: FederatedOutsider): boolean {
  if (kind === 'saml') return /^saml-provider\/AWSSSO_\w+_DO_NOT_DELETE$/.test(provider);
  return /^oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/id\//.test(provider) && subjects !== undefined;
}

function isHolding(operator: string): boolean {
  return /^(?:ForAnyValue:)?String(?:Equals|Like)$/.test(operator);
}
