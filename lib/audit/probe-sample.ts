/** The phase that probes what must be refused: for a few active grants, a wrong external id, another endpoint, another mode. */

import type { Mode } from '../contract/fields.ts';
import { type GrantRecord, isSettled } from '../grant/grant.ts';
import { newExternalId } from '../grant/ids.ts';
import { effectiveModes } from '../grant/policies.ts';
import type { Session } from '../grant/probe.ts';
import { type AuditRecord, nextPhase, reasonOf, type Sampled, withUnseen } from './audit-record.ts';
import type { Auditor, StartPhase } from './auditor.ts';
import { type Found, finding } from './findings.ts';

export const probeSample: StartPhase = async (auditor) => {
  const neighbours = await neighbourNames(auditor);
  return async (audit) => {
    const [sampled, ...sample] = audit.sample;
    if (!sampled) return { found: [incomplete(audit, auditor)], next: nextPhase(audit) };
    const next = { ...audit, sample };
    const answer = await probe(sampled, auditor, neighbours);
    return typeof answer === 'string' ? { next: withUnseen(next, answer) } : { found: [answer], next };
  };
};

/** What got through although it had to be refused; empty when nothing did, or an answer was unclear. */
export async function tooWide(
  record: GrantRecord,
  { broker }: Pick<Auditor, 'broker'>,
  neighbours: readonly string[],
): Promise<string[]> {
  const { prober } = broker;
  const lines: string[] = [];
  const stranger = await prober.assume(record, newExternalId());
  if (stranger.answer === 'allowed') lines.push('+ AssumeRole with a wrong external id was allowed');
  const { session } = await prober.assume(record, record.externalIds.current);
  if (!session) return lines;
  for (const name of neighbours.filter((neighbour) => !isSameEndpoint(neighbour, record)))
    for (const mode of record.modes)
      if (await isAllowed(record, mode, session, name))
        lines.push(`+ ${mode} invocation of another endpoint, ${name}, was allowed`);
  for (const mode of otherModes(record))
    if (await isAllowed(record, mode, session))
      lines.push(`+ ${mode} invocation was allowed; the grant has ${record.modes.join(', ')}`);
  return lines;

  async function isAllowed(grant: GrantRecord, mode: Mode, as: Session, name?: string): Promise<boolean> {
    return (await prober.invoke(grant, mode, as, name)) === 'allowed';
  }
}

/** An endpoint that exists, for policies that name one too many, and one that does not, for wildcards. */
export async function neighbourNames({ broker }: Pick<Auditor, 'broker'>): Promise<string[]> {
  // Where they cannot be listed, the phase before this one has noted it.
  const { items } = await broker.endpoints.list({ limit: 2 }).catch(() => ({ items: [] }));
  return [...items.map(({ name }) => name), 'sharemaker-probe-elsewhere'];
}

/** The last phase that looks says what none of them could look at. */
function incomplete({ unseen }: AuditRecord, { broker }: Auditor): Found[] {
  return unseen ? [{ finding: finding('audit.incomplete', broker.parentAccountId, unseen) }] : [];
}

/** A string: why it could not be probed. */

async function probe(
  { grantId }: Sampled,
  auditor: Auditor,
  neighbours: readonly string[],
): Promise<Found[] | string> {
  const { store, clock } = auditor.broker;
  const before = (await store.get(grantId))?.record;
  if (before?.status !== 'active' || !isSettled(before)) return [];
  // First, because IAM counts the probe as a use of the role: unnoted it would be taken for the child's.
  await store.noteSample(grantId, new Date(clock.now()).toISOString());
  const lines = await tooWide(before, auditor, neighbours).catch(reasonOf);
  if (typeof lines === 'string') return `Grants could not be probed: ${lines}.`;
  if (lines.length === 0) return [];
  // What was changed meanwhile was probed between two states.
  if ((await store.get(grantId))?.record.version !== before.version) return [];
  return [{ finding: finding('access.too_wide', before.role.arn, lines, grantId) }];
}

function otherModes({ modes }: GrantRecord): Mode[] {
  const open = effectiveModes(modes);
  return (['sync', 'stream', 'async'] as const).filter((mode) => !open.includes(mode));
}

/** Endpoint names differ only in case nowhere: SageMaker does not allow it. */
function isSameEndpoint(name: string, { endpoint }: GrantRecord): boolean {
  return name.toLowerCase() === endpoint.name.toLowerCase();
}
