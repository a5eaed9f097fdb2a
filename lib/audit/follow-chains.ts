/** The phase that reads every role once more, and follows who gets from one to another. */

import { concernsAssuming } from './assuming.ts';
import { nextPhase } from './audit-record.ts';
import type { StartPhase } from './auditor.ts';
import { type Chain, chainEvidence, createChainMap } from './chains.ts';
import { type Found, finding } from './findings.ts';
import { concernsEndpoints } from './reach.ts';
import { acceptanceOf, isOnlyNamedByProviders } from './shares.ts';

/** A chain may begin on the first page and end on the last, so a run that dies leaves nothing to go on with. */
export const followChains: StartPhase = async ({ broker, inventory }) => {
  const managed = await inventory.managedPolicies(
    (document) => concernsEndpoints(document) || concernsAssuming(document),
  );
  const now = broker.clock.now();
  const map = createChainMap({ accountId: broker.parentAccountId, managed, now });
  let marker: string | undefined;

  return async (record) => {
    const page = await inventory.rolePage(marker);
    for (const role of page.roles) map.add(role);
    marker = page.next;
    if (marker) return { next: record, isKept: false };
    return { found: map.chains().map((chain) => judged(chain, now)), next: nextPhase(record) };
  };
};

function judged(chain: Chain, now: number): readonly Found[] {
  const { entry } = chain;
  const { isAccepted, line } = acceptanceOf(entry, now);
  const found = finding('share.chained', entry.arn, [...(line ? [line] : []), ...chainEvidence(chain)]);
  const severity = isAccepted ? 'low' : isOnlyNamedByProviders(entry) ? 'medium' : found.severity;
  return [{ finding: { ...found, severity } }];
}
