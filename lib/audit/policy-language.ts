/**
 * IAM's policy language as the audit reads it: any document that IAM stores, in one shape. Pure.
 * Whatever means the same reads the same: one string or a list of it, an account id or its root ARN, `*` or `{"AWS": "*"}`,
 * actions and condition keys in any case, dates in any precision.
 */

export interface ReadDocument {
  /** `2008-10-17` when the document does not say, as IAM takes it; without 2012-10-17 there are no policy variables. */
  readonly version: string;
  readonly statements: readonly ReadStatement[];
}

export interface ReadStatement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  /** `AWS:222222222222` for an account, `AWS:arn:…`, `AWS:AROA…` for a principal that was deleted, `AWS:*`, `Service:…`. */
  readonly principals?: readonly string[];
  readonly notPrincipals?: readonly string[];
  /** Lower-cased: IAM matches actions in any case. */
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly resources?: readonly string[];
  readonly notResources?: readonly string[];
  readonly conditions: readonly ReadCondition[];
}

export interface ReadCondition {
  readonly operator: string;
  /** Lower-cased: IAM matches condition keys in any case. */
  readonly key: string;
  readonly values: readonly string[];
}

/** Undefined for what is not a policy document; IAM stores none, so that means that something was cut or changed. */
export function readDocument(document: unknown): ReadDocument | undefined {
  if (!isRecord(document)) return undefined;
  const statements = listOf(document.Statement);
  if (!statements.every(isRecord)) return undefined;
  return {
    version: typeof document.Version === 'string' ? document.Version : '2008-10-17',
    statements: statements.map(readStatement),
  };
}

/** IAM's API answers documents percent-encoded (RFC 3986), and the SDK for JavaScript leaves them so. */
export function readEncoded(encoded: string | undefined): ReadDocument | undefined {
  if (encoded === undefined) return undefined;
  try {
    return readDocument(JSON.parse(decodeURIComponent(encoded)));
  } catch {
    return undefined;
  }
}

/** For people. Not for external ids, which are never shown. */
export function conditionWords({ operator, key, values }: ReadCondition): string {
  return `${operator} ${key} ${values.join(', ')}`;
}

/** The account of a principal or ARN: `AWS:222222222222`, `AWS:arn:aws:iam::222222222222:role/x`. */
export function accountOf(principal: string): string | undefined {
  const value = principal.replace(/^AWS:/, '');
  if (/^\d{12}$/.test(value)) return value;
  return /^arn:[^:]*:(?:iam|sts)::(\d{12}):/.exec(value)?.[1];
}

/** The name of the role of a session, whose path its ARN does not tell; undefined for what is none. */
export function sessionRoleName(principal: string): string | undefined {
  return /:assumed-role\/([^/]+)\//.exec(principal)?.[1];
}

/** A pattern of the role of a session, `arn:aws:sts::222222222222:assumed-role/name/session`; undefined for what is none. */
export function roleOfSession(arn: string): string | undefined {
  const [, partition, accountId, name] = /^arn:([^:]*):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return name && `arn:${partition}:iam::${accountId}:role/*${name}`;
}

/** IAM shows a deleted role or user by its unique id; nobody can be that principal again. */
export function isUniqueId(principal: string): boolean {
  return /^AWS:A(?:ROA|IDA)[A-Z0-9]+$/.test(principal);
}

function readStatement(raw: Readonly<Record<string, unknown>>): ReadStatement {
  const principals = readPrincipals(raw.Principal);
  const notPrincipals = readPrincipals(raw.NotPrincipal);
  const actions = readStrings(raw.Action)?.map(lowerCase);
  const notActions = readStrings(raw.NotAction)?.map(lowerCase);
  const resources = readStrings(raw.Resource);
  const notResources = readStrings(raw.NotResource);
  return {
    ...(typeof raw.Sid === 'string' && raw.Sid !== '' && { sid: raw.Sid }),
    effect: raw.Effect === 'Deny' ? 'Deny' : 'Allow',
    ...(principals && { principals }),
    ...(notPrincipals && { notPrincipals }),
    ...(actions && { actions: unique(actions) }),
    ...(notActions && { notActions: unique(notActions) }),
    ...(resources && { resources }),
    ...(notResources && { notResources }),
    conditions: readConditions(raw.Condition),
  };
}

function readPrincipals(element: unknown): readonly string[] | undefined {
  if (element === undefined) return undefined;
  if (typeof element === 'string') return [`AWS:${withoutRoot(element)}`];
  if (!isRecord(element)) return [];
  return unique(
    Object.entries(element).flatMap(([type, values]) =>
      listOf(values).map((value) => `${type}:${withoutRoot(String(value))}`),
    ),
  );
}

/** `arn:aws:iam::222222222222:root` and `222222222222` are the same principal. */
function withoutRoot(principal: string): string {
  return /^arn:[^:]+:iam::(\d{12}):root$/.exec(principal)?.[1] ?? principal;
}

function readConditions(element: unknown): readonly ReadCondition[] {
  if (!isRecord(element)) return [];
  const conditions = Object.entries(element).flatMap(([operator, keys]) =>
    Object.entries(isRecord(keys) ? keys : {}).map(([key, values]) => ({
      operator,
      key: key.toLowerCase(),
      values: unique(listOf(values).map((value) => readValue(operator, value))),
    })),
  );
  return conditions.sort((a, b) => compare(`${a.operator} ${a.key}`, `${b.operator} ${b.key}`));
}

function readValue(operator: string, value: unknown): string {
  if (!/Date(?:Not)?(?:Equals|LessThan|GreaterThan)/.test(operator)) return String(value);
  // IAM takes ISO 8601 and epoch seconds; four digits are a year.
  const at = /^\d{5,}$/.test(String(value)) ? Number(value) * 1000 : Date.parse(String(value));
  return Number.isNaN(at) ? String(value) : new Date(at).toISOString();
}

function readStrings(element: unknown): readonly string[] | undefined {
  return element === undefined ? undefined : unique(listOf(element).map(String));
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort(compare);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
