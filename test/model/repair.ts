import type { GrantRecord } from '../../lib/grant/grant.ts';
import { advance, change } from '../../lib/grant/lifecycle.ts';
import { askRepair } from '../../lib/grant/transitions.ts';
import type { TestBroker } from '../support/grant-process.ts';
import { answerWithinMs, caller } from '../support/grant-requests.ts';

/** As an audit does that finds the role missing. */
export async function repair(broker: TestBroker, id: string): Promise<GrantRecord> {
  const asked = { by: caller, now: broker.clock.now() };
  await change(id, broker.store, (before) =>
    before.status === 'active' || before.status === 'suspended' ? askRepair(before, asked) : before,
  );
  return advance(id, broker, broker.clock.now() + answerWithinMs);
}
