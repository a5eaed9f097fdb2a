import { changeGrant } from '../../lib/grant/change-grant.ts';
import { connectBroker } from '../../lib/grant/connect-broker.ts';
import { ask } from '../../lib/grant/transitions.ts';
import { serve } from '../../lib/http/serve.ts';

const broker = connectBroker(process.env);

/** Ends the grant for good: shut, proven dead by two sessions, receipt written, role removed. */
export const handler = serve('revoke-grant', ({ input: { params }, caller, deadlineAt }) =>
  changeGrant(broker, params.grantId, deadlineAt, (grant) =>
    ask(grant, 'revoke', { by: caller.arn, now: broker.clock.now() }),
  ),
);
