/** Removing a role that no grant calls for, by the same steps as the end of a grant: shut, proven shut, removed. */

import { createHash } from 'node:crypto';
import { close } from '../grant/close.ts';
import { type GrantRecord, hasEnded } from '../grant/grant.ts';
import { OutOfTime, type Work } from '../grant/work.ts';
import type { Found } from './findings.ts';
import type { Outcome, Repair } from './repair.ts';

/** What one role may take before others have their turn; the next turn goes on where this one ends. */
const turnMs = 30_000;

export async function removeOrphan(found: readonly Found[], repair: Repair): Promise<Outcome> {
  const [orphan] = found;
  if (!orphan?.removable)
    return { repair: 'reported', detail: 'Only reported: this deployment did not make this role.' };
  const { broker } = repair.auditor;
  const { grantId, subject } = orphan.finding;
  const grant = grantId === undefined ? undefined : (await broker.store.get(grantId))?.record;
  if (grant && !hasEnded(grant) && grant.role.arn === subject)
    return { repair: 'reported', detail: 'A grant calls for this role after all.' };
  const shadow = shadowOf(orphan, repair);
  // The broker may change only roles that have the boundary.
  if (!(await broker.shareRole.putBoundary(shadow)))
    return { repair: 'repaired', detail: 'The role was gone already.' };
  try {
    await close(workOn(shadow, repair));
    return { repair: 'repaired', detail: 'Shut, proven shut by probes, and removed.' };
  } catch (error) {
    if (error instanceof OutOfTime) return { isUnderWay: true };
    throw error;
  }
}

/**
 * As much of a grant as its end takes. The external id is one of our own, and the same in every turn: IAM may be minutes
 * behind, so that the session for the proof is had in a later turn than the one that let the prober in.
 */
function shadowOf({ finding, removable }: Found, { auditor, audit }: Repair): GrantRecord {
  const { parentAccountId, region } = auditor.broker;
  const path = finding.subject.split('/');
  const name = path.at(-1) ?? '';
  const endpointName = removable?.endpointName ?? 'sharemaker-probe-absent';
  const [, partition] = finding.subject.split(':');
  return {
    id: finding.grantId ?? finding.subject,
    version: 0,
    endpoint: {
      name: endpointName,
      region,
      arn: `arn:${partition}:sagemaker:${region}:${parentAccountId}:endpoint/${endpointName.toLowerCase()}`,
      createdAt: audit.startedAt,
    },
    child: { accountId: path[2] ?? '' },
    modes: ['sync', 'stream', 'async'],
    expiresAt: audit.startedAt,
    status: 'revoking',
    goal: 'revoked',
    // Which no grant has: its mark is none that a document of the role may already carry.
    generation: 0,
    provenGeneration: 0,
    role: { name, arn: finding.subject },
    externalIds: {
      current: createHash('sha256').update(`${audit.id} ${finding.subject}`).digest('base64url'),
    },
    warnings: [],
    probes: [],
    closing: { askedAt: audit.startedAt },
    createdAt: audit.startedAt,
    createdBy: audit.startedBy,
    updatedAt: audit.startedAt,
    history: [],
    announced: 0,
    events: 0,
  };
}

/** There is no grant to write to, and nobody else who would move it: no lease, and the record is kept in memory. */
function workOn(shadow: GrantRecord, { auditor, deadlineAt }: Repair): Work {
  const { broker } = auditor;
  let record = shadow;
  return {
    shareRole: broker.shareRole,
    prober: broker.prober,
    clock: broker.clock,
    proberRoleArn: broker.proberRoleArn,
    deadlineAt: Math.min(deadlineAt, broker.clock.now() + turnMs),
    get record() {
      return record;
    },
    get stored() {
      return { record };
    },
    checkpoint: async () => {},
    store: async (next) => {
      record = next;
    },
  };
}
