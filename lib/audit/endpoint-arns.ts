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

export function endpointArns(
  statements: readonly ReadStatement[],
  { partition, accountId }: { readonly partition: string; readonly accountId: string },
): string[] {
  const patterns = statements.flatMap(({ resources = [], notResources = [] }) => [
    ...resources,
    ...notResources,
  ]);
  const parts = patterns.flatMap((pattern) => partsOf(pattern.toLowerCase()) ?? []);
  const regions = texts(parts.map(({ region }) => region)).filter((text) => /^[a-z0-9-]+$/.test(text));
  const resources = texts(parts.map(({ resource }) => resource)).filter((text) =>
    /^endpoint\/[a-z0-9-]+$/.test(text),
  );
  return [someRegion, ...regions]
    .flatMap((region) =>
      [`endpoint/${someName}`, ...resources].map(
        (resource) => `arn:${partition}:sagemaker:${region}:${accountId}:${resource}`,
      ),
    )
    .slice(0, arnsMax);
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
  const single = different.flatMap((pattern) => [
    pattern.replaceAll('*', '').replaceAll('?', 'z'),
    pattern.replaceAll('*', 'zz').replaceAll('?', 'z'),
  ]);
  const common = different.flatMap((a, index) =>
    different.slice(index + 1).flatMap((b) => commonText(a, b) ?? []),
  );
  return [...new Set([...single, ...common])];
}
