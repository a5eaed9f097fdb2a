/**
 * Endpoint ARNs on which policies can differ. A policy's patterns divide all endpoints into a few kinds; one of each kind is
 * enough to know what the policy lets through. Pure.
 */

import type { ReadStatement } from './policy-language.ts';
import { commonText } from './wildcards.ts';

/** Stands for any Region, and any name, that no policy mentions. */
const someRegion = 'zz-other-9';
const someName = 'zz-other';

/** At most; policies that need more are of nobody's making. */
const arnsMax = 2_000;
const pairsMax = 20_000;

/** Undefined: there are more kinds than can be looked at. */
export function endpointArns(
  statements: readonly ReadStatement[],
  { partition, accountId }: { readonly partition: string; readonly accountId: string },
): string[] | undefined {
  const parts = partsIn(statements);
  const wild = parts.filter(({ region, resource }) => isWild(region) || isWild(resource));
  if (wild.length * parts.length > pairsMax) return undefined;
  const regions = texts(parts.map(({ region }) => region)).filter(isRegion);
  const resources = texts(parts.map(({ resource }) => resource)).filter(isEndpoint);
  const arns = [someRegion, ...regions].flatMap((region) =>
    [`endpoint/${someName}`, ...resources].map(
      (resource) => `arn:${partition}:sagemaker:${region}:${accountId}:${resource}`,
    ),
  );
  return arns.length > arnsMax ? undefined : arns;
}

/** Whether the statement is about any endpoint at all. */
export function namesEndpoints(statement: ReadStatement): boolean {
  return partsIn([statement]).some(
    ({ region, resource }) => single(region).some(isRegion) && single(resource).some(isEndpoint),
  );
}

function partsIn(statements: readonly ReadStatement[]) {
  const patterns = statements.flatMap(({ resources = [], notResources = [] }) => [
    ...resources,
    ...notResources,
  ]);
  return [...new Set(patterns)].flatMap((pattern) => partsOf(pattern.toLowerCase()) ?? []);
}

function isRegion(text: string): boolean {
  return /^[a-z0-9-]+$/.test(text);
}

function isEndpoint(text: string): boolean {
  return /^endpoint\/[a-z0-9-]+$/.test(text);
}

/** Of `arn:partition:service:region:account:resource`. */
const arnParts = 6;

/** IAM: a `*` at the end of a part may reach beyond its colon. Undefined: no endpoint's ARN has such a form. */
function partsOf(pattern: string): { readonly region: string; readonly resource: string } | undefined {
  const parts = pattern.replace(/\$\{[^}]*\}/g, '*').split(':');
  const widening = parts.findLastIndex((part) => part.endsWith('*'));
  if (parts.length > arnParts || (parts.length < arnParts && widening < 0)) return undefined;
  const filling = new Array<string>(arnParts - parts.length).fill('*');
  const filled = [...parts.slice(0, widening + 1), ...filling, ...parts.slice(widening + 1)];
  return { region: filled[3] ?? '', resource: filled[5] ?? '' };
}

/** What each pattern takes in, and what each two of them do. */
function texts(patterns: readonly string[]): string[] {
  const different = [...new Set(patterns)];
  const wild = different.filter(isWild);
  const common = wild.flatMap((a) => different.flatMap((b) => commonText(a, b) ?? []));
  return [...new Set([...different.flatMap(single), ...common])];
}

function isWild(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

function single(pattern: string): string[] {
  return [
    pattern.replaceAll('*', '').replaceAll('?', 'z'),
    pattern.replaceAll('*', 'zz').replaceAll('?', 'z'),
  ];
}
