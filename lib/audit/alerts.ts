/**
 * The phases that tell the parent's people of findings of high severity: at once of what is new or has changed, once a day of
 * what stays. They come before repair, which may take long or fail.
 */

import { createHash } from 'node:crypto';
import type { Finding } from '../contract/audit.ts';
import { type AuditRecord, nextPhase } from './audit-record.ts';
import type { Auditor, StartPhase } from './auditor.ts';
import type { Found } from './findings.ts';

export interface Alerts {
  /** Throws when they were not taken. */
  tell(audit: AuditRecord, news: readonly News[]): Promise<void>;
  /** The audit was given up. Throws when that was not taken. */
  tellFailed(audit: AuditRecord): Promise<void>;
}

export interface News {
  /** Of the finding in its audit, from 1: the same when it is told again. */
  readonly number: number;
  readonly finding: Finding;
  /** It was told before, and has not changed. */
  readonly isReminder: boolean;
}

/** What was told, by the fingerprint of the finding. */
export type Told = Readonly<
  Record<
    string,
    {
      /** ISO 8601. */
      readonly at: string;
      /** The audit that last found it. */
      readonly auditId: string;
    }
  >
>;

const reminderMs = 24 * 3_600_000;

/** DynamoDB: an item has at most 400 KB, and one entry takes about 100 bytes. What is beyond is told in every audit. */
const toldMax = 2_000;

/** A bus or topic that takes nothing must not keep repair from its work: what was not taken is told again after it. */
export const sendAlerts: StartPhase = async (auditor) => async (audit) => {
  const tell = (news: readonly News[]) =>
    auditor.alerts.tell(audit, news).then(
      () => true,
      () => false,
    );
  return { next: await tellChunk(auditor, audit, tell) };
};

/** What was not taken before repair has to be taken now. */
export const sendAlertsAgain: StartPhase = async (auditor) => async (audit) => {
  if (!audit.isUntold) return { next: nextPhase(audit) };
  const tell = (news: readonly News[]) => auditor.alerts.tell(audit, news).then(() => true);
  return { next: await tellChunk(auditor, audit, tell) };
};

/** What is repaired and found once more is news. */
export async function forgetRepaired({ audits }: Auditor, found: readonly Found[]): Promise<void> {
  const repaired = found.filter(
    ({ finding }) => finding.repair === 'repaired' && finding.severity === 'high',
  );
  if (repaired.length === 0) return;
  const keys = new Set(repaired.map(({ finding }) => fingerprint(finding)));
  const told = await audits.told();
  await audits.putTold(Object.fromEntries(Object.entries(told).filter(([key]) => !keys.has(key))));
}

/** `tell` answers whether the news was taken. */
async function tellChunk(
  { audits, broker }: Auditor,
  audit: AuditRecord,
  tell: (news: readonly News[]) => Promise<boolean>,
): Promise<AuditRecord | undefined> {
  const told = await audits.told();
  if (audit.chunk >= audit.chunks) {
    const stays = Object.entries(told).filter(([, { auditId }]) => auditId === audit.id);
    if (stays.length < Object.keys(told).length) await audits.putTold(Object.fromEntries(stays));
    return nextPhase(audit);
  }
  const now = broker.clock.now();
  const isDue = (key: string) => !told[key] || now - Date.parse(told[key].at) >= reminderMs;
  const chunk = await audits.getChunk(audit.id, audit.chunk);
  const high = chunk
    .map(({ finding }, index) => ({ finding, number: audit.chunk * 100 + index + 1 }))
    .filter(({ finding }) => finding.severity === 'high')
    .map((one) => ({ ...one, key: fingerprint(one.finding) }));
  const news = high
    .filter(({ key }) => isDue(key))
    .map(({ key, ...one }) => ({ ...one, isReminder: told[key] !== undefined }));
  const isTaken = news.length === 0 || (await tell(news));
  const at = new Date(now).toISOString();
  const remembered = high
    .filter(({ key }) => isTaken || !isDue(key))
    .map(({ key }) => [key, { at: isDue(key) ? at : (told[key]?.at ?? at), auditId: audit.id }] as const);
  if (remembered.length > 0) await audits.putTold(newest({ ...told, ...Object.fromEntries(remembered) }));
  return { ...audit, chunk: audit.chunk + 1, ...(!isTaken && { isUntold: true }) };
}

/** What earlier audits found goes first. */
export function newest(told: Told, max = toldMax): Told {
  const entries = Object.entries(told).sort(([, a], [, b]) => (a.auditId < b.auditId ? -1 : 1));
  return Object.fromEntries(entries.slice(-max));
}

function fingerprint({ code, subject, evidence }: Finding): string {
  return createHash('sha256')
    .update(JSON.stringify([code, subject, evidence]))
    .digest('base64url')
    .slice(0, 22);
}
