import { setTimeout as wait } from 'node:timers/promises';
import type { Endpoint, Endpoints } from './endpoints.ts';

/** Puts the endpoint in service once its container answers `/ping`, or fails it after four minutes. */
export async function waitForPing(
  endpoint: Endpoint,
  endpoints: Endpoints,
  signal: AbortSignal,
): Promise<void> {
  // It may be deleted meanwhile, and another be made under its name.
  const isStillThere = () => endpoints.find(endpoint)?.createdAt === endpoint.createdAt;
  for (let attempt = 0; attempt < attemptsMax && !signal.aborted; attempt++) {
    const isUp = await endpoint.model.ping?.();
    if (!isStillThere()) return;
    if (isUp) {
      endpoints.setStatus(endpoint, 'InService');
      return;
    }
    await wait(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
  if (!signal.aborted && isStillThere()) endpoints.setStatus(endpoint, 'Failed');
}

const everyMs = 250;
const attemptsMax = 960;
