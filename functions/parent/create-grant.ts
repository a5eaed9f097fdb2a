import { createHash } from 'node:crypto';
import { Problem } from '../../lib/contract/problems.ts';
import { connectBroker } from '../../lib/grant/connect-broker.ts';
import { draftGrant } from '../../lib/grant/draft.ts';
import { etagOf, publicGrant } from '../../lib/grant/grant.ts';
import { grantIdOf, newExternalId, newId } from '../../lib/grant/ids.ts';
import { advance, leaseMs } from '../../lib/grant/lifecycle.ts';
import { serve } from '../../lib/http/serve.ts';

const broker = connectBroker(process.env);

/** Checks the endpoint, stores the grant as `provisioning`, and moves it as far as the time allows: usually to `active`. */
export const handler = serve(
  'create-grant',
  async ({ input: { body }, caller, headers, url, deadlineAt }) => {
    const key = idempotencyKey(headers);
    const now = broker.clock.now();
    const bodyHash = createHash('sha256').update(JSON.stringify(body)).digest('base64url');
    const id = key === undefined ? newId('grt', now) : grantIdOf(caller.principal, key);
    const earlier = key === undefined ? undefined : await broker.store.get(id);
    const holder = broker.newHolder();

    if (!earlier) {
      const endpoint = await broker.endpoints.describe(
        body.endpoint.name,
        body.endpoint.region ?? broker.region,
      );
      const draft = draftGrant(body, {
        ...broker,
        id,
        externalId: newExternalId(),
        bodyHash,
        endpoint,
        by: caller.arn,
        now,
      });
      if (await broker.store.create(draft, { holder, until: now + leaseMs }))
        return created(await advance(id, broker, deadlineAt, { holder }), url);
    }

    const { record } = earlier ?? (await broker.store.require(id));
    if (record.bodyHash !== bodyHash)
      throw new Problem(
        'idempotency.key_reused',
        'This Idempotency-Key belongs to a grant that was asked for with another body.',
      );
    // With the same holder: where the write's answer was lost, the lease is ours.
    return created(await advance(id, broker, deadlineAt, { holder }), url);
  },
);

function created(record: Awaited<ReturnType<typeof advance>>, url: string) {
  return {
    status: 201,
    body: publicGrant(record),
    headers: { location: `${url}/${record.id}`, etag: etagOf(record) },
  };
}

function idempotencyKey(headers: Readonly<Record<string, string>>): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || /^[!-~]{1,128}$/.test(key)) return key;
  const message = 'must be 1 to 128 printable ASCII characters';
  throw new Problem('idempotency.key_invalid', `Idempotency-Key ${message}.`, {
    errors: [{ pointer: 'header/idempotency-key', message }],
  });
}
