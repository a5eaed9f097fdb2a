/** The findings of an audit, a page at a time, whatever the size of the chunks in which they are stored. */

import type { Audit, Finding } from '../contract/audit.ts';
import { type AuditRecord, publicAudit } from './audit-record.ts';
import type { AuditStore } from './audit-store.ts';

export interface FindingsPage extends Audit {
  readonly findings: readonly Finding[];
}

/** Where a page begins: a chunk, and a finding in it; both from 0. */
export type FindingsKey = { readonly chunk: number; readonly at: number };

export interface ReadFindings {
  readonly limit: number;
  readonly from?: FindingsKey;
  /** Makes the cursor of the next page. */
  readonly cursorOf: (key: FindingsKey) => string;
}

export async function readFindings(
  audits: AuditStore,
  record: AuditRecord,
  { limit, from = { chunk: 0, at: 0 }, cursorOf }: ReadFindings,
): Promise<FindingsPage & { readonly nextCursor?: string }> {
  const findings: Finding[] = [];
  let { chunk, at } = from;
  while (chunk < record.chunks && findings.length < limit) {
    const stored = await audits.getChunk(record.id, chunk);
    const taken = stored.slice(at, at + limit - findings.length);
    findings.push(...taken.map(({ finding }) => finding));
    at += taken.length;
    if (at >= stored.length) {
      chunk++;
      at = 0;
    }
  }
  const nextCursor = chunk < record.chunks ? cursorOf({ chunk, at }) : undefined;
  return { ...publicAudit(record), findings, ...(nextCursor && { nextCursor }) };
}
