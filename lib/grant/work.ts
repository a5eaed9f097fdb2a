/** What the steps of a grant's life work with, and the ways in which they stop. */

import type { GrantRecord } from './grant.ts';
import type { StoredGrant } from './grant-item.ts';
import type { PolicySettings } from './policies.ts';
import type { Prober } from './probe.ts';
import type { ShareRole } from './share-role.ts';

export interface Work extends PolicySettings {
  readonly record: GrantRecord;
  readonly stored: StoredGrant;
  readonly shareRole: ShareRole;
  readonly prober: Prober;
  readonly clock: { now(): number; sleep(ms: number): Promise<void> };
  readonly deadlineAt: number;
  /** To be called before every change in IAM. Throws LostLease. */
  checkpoint(): Promise<void>;
  /** Stores a transition and goes on from it. Throws LostLease. */
  store(next: GrantRecord): Promise<void>;
}

/** Somebody changed the grant or took it over: read it again. */
export class LostLease extends Error {
  override readonly name = 'LostLease';
}

/** The time allowed is over; the schedule goes on. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** What was asked for can never be; a new grant gives up, an old one keeps what it has. */
export class Hopeless extends Error {
  override readonly name = 'Hopeless';
  readonly failure: { readonly code: string; readonly detail: string };

  constructor(code: string, detail: string) {
    super(detail);
    this.failure = { code, detail };
  }
}
