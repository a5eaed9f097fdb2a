import { Problem } from '../../lib/contract/problems.ts';
import { changeGrant } from '../../lib/grant/change-grant.ts';
import { connectBroker } from '../../lib/grant/connect-broker.ts';
import { etagOf } from '../../lib/grant/grant.ts';
import { askUpdate } from '../../lib/grant/transitions.ts';
import { serve } from '../../lib/http/serve.ts';

const broker = connectBroker(process.env);

/** The old policy stays valid until the new one is probed, so nobody who keeps access notices. */
export const handler = serve(
  'update-grant',
  async ({ input: { params, body }, caller, headers, deadlineAt }) => {
    const ifMatch = headers['if-match'];
    if (ifMatch === undefined)
      throw new Problem('request.precondition_required', 'Send the ETag of get-grant as If-Match.');
    const { record } = await broker.store.require(params.grantId);
    const endpoint = await broker.endpoints.describe(record.endpoint.name, record.endpoint.region);
    return changeGrant(broker, params.grantId, deadlineAt, (current) => {
      if (ifMatch !== '*' && ifMatch !== etagOf(current))
        throw new Problem('request.precondition_failed', `The grant is now at ETag ${etagOf(current)}.`);
      return askUpdate(current, body, { by: caller.arn, now: broker.clock.now() }, { ...broker, endpoint });
    });
  },
);
