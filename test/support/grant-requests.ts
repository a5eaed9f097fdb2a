/** What a caller may ask of a grant, as the parent's functions would do it. */

import { createHash } from 'node:crypto';
import type { CreateGrantBody, UpdateGrantBody } from '../../lib/contract/grant.ts';
import { createGrantBody } from '../../lib/contract/grant.ts';
import { changeGrant } from '../../lib/grant/change-grant.ts';
import { draftGrant } from '../../lib/grant/draft.ts';
import type { GrantRecord } from '../../lib/grant/grant.ts';
import { newExternalId, newId } from '../../lib/grant/ids.ts';
import { advance, leaseMs } from '../../lib/grant/lifecycle.ts';
import { ask, askRotation, askUpdate, needsEndpoint } from '../../lib/grant/transitions.ts';
import type { TestBroker } from './grant-process.ts';
import { childId, parentId } from './grant-world.ts';

export const caller = `arn:aws:iam::${parentId}:user/admin`;

/** API Gateway waits no longer for an answer. */
export const answerWithinMs = 27_000;

export interface CreateRequest extends Partial<Omit<CreateGrantBody, 'endpoint'>> {
  readonly endpointName?: string;
  readonly id?: string;
}

export async function create(
  broker: TestBroker,
  { endpointName = 'Iris-Classifier', id, ...rest }: CreateRequest = {},
): Promise<GrantRecord> {
  const now = broker.clock.now();
  const body = createGrantBody.parse({
    endpoint: { name: endpointName },
    child: { accountId: childId },
    ...rest,
  });
  const draft = draftGrant(body, {
    ...broker,
    id: id ?? newId('grt', now),
    externalId: newExternalId(),
    bodyHash: createHash('sha256').update(JSON.stringify(body)).digest('base64url'),
    endpoint: await broker.endpoints.describe(body.endpoint.name, 'us-east-1'),
    parentAccountId: parentId,
    by: caller,
    now,
  });
  const lease = { holder: broker.newHolder(), until: now + leaseMs };
  await broker.store.create(draft, lease);
  return advance(draft.id, broker, now + answerWithinMs, lease);
}

export type Ask = (broker: TestBroker, id: string) => Promise<unknown>;

export const suspend: Ask = (broker, id) =>
  change(broker, id, (grant) => ask(grant, 'suspend', asked(broker)));
export const resume: Ask = (broker, id) => change(broker, id, (grant) => ask(grant, 'resume', asked(broker)));
export const revoke: Ask = (broker, id) => change(broker, id, (grant) => ask(grant, 'revoke', asked(broker)));

export const rotate =
  (graceSeconds: number): Ask =>
  (broker, id) =>
    change(broker, id, (grant) => askRotation(grant, graceSeconds, newExternalId(), asked(broker)));

export const update =
  (patch: UpdateGrantBody): Ask =>
  async (broker, id) => {
    const { record } = await broker.store.require(id);
    const endpoint = needsEndpoint(patch)
      ? await broker.endpoints.describe(record.endpoint.name, record.endpoint.region)
      : undefined;
    return change(broker, id, (grant) => askUpdate(grant, patch, asked(broker), { ...broker, endpoint }));
  };

function change(broker: TestBroker, id: string, decide: (record: GrantRecord) => GrantRecord) {
  return changeGrant(broker, id, broker.clock.now() + answerWithinMs, decide);
}

function asked({ clock }: TestBroker) {
  return { by: caller, now: clock.now() };
}
