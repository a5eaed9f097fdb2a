/** Requests that IAM is too slow for: they are answered before their work is done, and the schedule finishes it. */

import { vi } from 'vitest';
import { type Request, send } from './refusal.ts';
import type { TestSandbox } from './sandbox.ts';
import type { Answer } from './signed-fetch.ts';

/** Less than the 15 minutes after which a new grant is given up. */
const lagSeconds = 300;
/** API Gateway's patience, by the sandbox's clock. */
const patienceSeconds = 28;

/** From now on no change in IAM takes effect, so the request probes until its time is over. */
export async function askWhileIamIsSlow(sandbox: TestSandbox, request: Request): Promise<Answer> {
  sandbox.setLag(lagSeconds);
  const callsBefore = sandbox.calls.length;
  const answer = send(sandbox, request);
  await vi.waitFor(
    () => {
      const probes = sandbox.calls.slice(callsBefore).filter(({ operation }) => operation === 'AssumeRole');
      // The prober's own session, then at least two of the share role.
      if (probes.length < 3) throw new Error('The request has not probed yet.');
    },
    { timeout: 20_000, interval: 10 },
  );
  sandbox.advanceClock(patienceSeconds);
  return answer;
}

/** What was changed takes effect, and the schedule runs once. */
export async function letTheScheduleFinish(sandbox: TestSandbox): Promise<unknown> {
  sandbox.advanceClock(lagSeconds);
  sandbox.setLag(0);
  return sandbox.runSchedule('advance-grants');
}
