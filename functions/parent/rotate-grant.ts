import { changeGrant } from '../../lib/grant/change-grant.ts';
import { connectBroker } from '../../lib/grant/connect-broker.ts';
import { newExternalId } from '../../lib/grant/ids.ts';
import { askRotation } from '../../lib/grant/transitions.ts';
import { serve } from '../../lib/http/serve.ts';

const broker = connectBroker(process.env);

/** Replaces the external id. The new one is offered once it is proven; the old one works until the grace period ends. */
export const handler = serve('rotate-grant', ({ input: { params, body }, caller, deadlineAt }) =>
  changeGrant(broker, params.grantId, deadlineAt, (grant) =>
    askRotation(grant, body.graceSeconds, newExternalId(), { by: caller.arn, now: broker.clock.now() }),
  ),
);
