/** The phase that reads every role once more, and follows who gets from one to another. */

import { concernsAssuming } from './assuming.ts';
import { type AuditRecord, nextPhase, withUnseen } from './audit-record.ts';
import type { StartPhase, Step } from './auditor.ts';
import { chainEvidence, createChainMap } from './chains.ts';
import type { Found } from './findings.ts';
import { concernsEndpoints } from './reach.ts';
import { shareFinding } from './shares.ts';

/** How often this phase may be begun in one audit: what comes after it has to be done as well. */
const attemptsMax = 3;

/** A chain may begin on the first page and end on the last, so a run that dies leaves nothing to go on with. */
export const followChains: StartPhase = async ({ broker, inventory }) => {
  const managed = await inventory.managedPolicies(
    (document) => concernsEndpoints(document) || concernsAssuming(document),
  );
  const map = createChainMap({ accountId: broker.parentAccountId, managed, now: broker.clock.now() });
  let marker: string | undefined;

  return async (record, deadlineAt) => {
    if (record.attempts > attemptsMax) return leaveOut(record, []);
    const page = await inventory.rolePage(marker);
    for (const role of page.roles) map.add(role);
    marker = page.next;
    if (marker) return { next: record, isKept: false };
    const found: (readonly Found[])[] = [];
    for (const chain of map.chains()) {
      found.push([shareFinding('share.chained', chain.entry, chainEvidence(chain), broker.clock.now())]);
      if (broker.clock.now() >= deadlineAt) return leaveOut(record, found);
    }
    return { found, next: nextPhase(record) };
  };
};

function leaveOut(record: AuditRecord, found: readonly (readonly Found[])[]): Step {
  const next = nextPhase(record);
  return {
    found,
    next: next && withUnseen(next, 'Chains of roles were not all followed: there was not time enough.'),
  };
}
