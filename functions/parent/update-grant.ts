import { Problem } from '../../lib/contract/problems.ts';
import { changeGrant } from '../../lib/grant/change-grant.ts';
import { connectBroker } from '../../lib/grant/connect-broker.ts';
import { etagOf, type GrantRecord } from '../../lib/grant/grant.ts';
import { askUpdate, needsEndpoint, verdictOf } from '../../lib/grant/transitions.ts';
import { serve } from '../../lib/http/serve.ts';

const broker = connectBroker(process.env);

/** The old policy stays valid until the new one is probed, so nobody who keeps access notices. */
export const handler = serve(
  'update-grant',
  async ({ input: { params, body }, caller, headers, deadlineAt }) => {
    const ifMatch = headers['if-match'];
    if (ifMatch === undefined)
      throw new Problem('request.precondition_required', 'Send the ETag of get-grant as If-Match.', {
        errors: [{ pointer: 'header/if-match', message: 'must be the ETag of get-grant' }],
      });
    const { record } = await broker.store.require(params.grantId);
    refuseStale(record, ifMatch);
    // Before the endpoint is asked for: of a grant that has ended it may well be gone.
    verdictOf(record, 'update', broker.clock.now());
    const endpoint = needsEndpoint(body)
      ? await broker.endpoints.describe(record.endpoint.name, record.endpoint.region)
      : undefined;
    return changeGrant(broker, params.grantId, deadlineAt, (current) => {
      refuseStale(current, ifMatch);
      return askUpdate(current, body, { by: caller.arn, now: broker.clock.now() }, { ...broker, endpoint });
    });
  },
);

/** RFC 9110 §13.1.1: `*`, or a list of entity tags of which one must match. */
function refuseStale(current: GrantRecord, ifMatch: string): void {
  const etag = etagOf(current);
  if (ifMatch.trim() === '*' || ifMatch.split(',').some((tag) => tag.trim() === etag)) return;
  throw new Problem('request.precondition_failed', `The grant is now at ETag ${etag}.`);
}
