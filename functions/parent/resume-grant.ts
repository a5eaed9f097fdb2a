import { changeGrant } from '../../lib/grant/change-grant.ts';
import { connectBroker } from '../../lib/grant/connect-broker.ts';
import { ask } from '../../lib/grant/transitions.ts';
import { serve } from '../../lib/http/serve.ts';

const broker = connectBroker(process.env);

/** Opens a suspended grant again; `active` only once the probes got through. */
export const handler = serve('resume-grant', ({ input: { params }, caller, deadlineAt }) =>
  changeGrant(broker, params.grantId, deadlineAt, (grant) =>
    ask(grant, 'resume', { by: caller.arn, now: broker.clock.now() }),
  ),
);
