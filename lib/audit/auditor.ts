/** What an audit works with, and how its phases are cut into steps. */

import type { ConnectedBroker } from '../grant/connect-broker.ts';
import type { Alerts } from './alerts.ts';
import type { AuditRecord } from './audit-record.ts';
import type { AuditStore } from './audit-store.ts';
import type { Found } from './findings.ts';
import type { Inventory } from './inventory.ts';
import type { UnusedRules } from './use.ts';

export interface Auditor {
  readonly broker: ConnectedBroker;
  readonly inventory: Inventory;
  readonly audits: AuditStore;
  readonly alerts: Alerts;
  readonly boundaryArn: string;
  readonly unused: UnusedRules;
}

/** What one step made of the audit: where it now stands, and what it found, grouped by the thing that is wrong. */
export interface Step {
  /** Undefined: the audit is over. */
  readonly next: AuditRecord | undefined;
  readonly found?: readonly (readonly Found[])[];
  /** What it did is only remembered by its phase, and gone with this run: the audit has not got any further. */
  readonly isKept?: false;
}

/** One step; may be repeated, from the same record, after a crash. */
export type TakeStep = (record: AuditRecord, deadlineAt: number) => Promise<Step>;

/** Reads what its steps share; that is forgotten when the phase is over. */
export type StartPhase = (auditor: Auditor) => Promise<TakeStep>;
