import { changeGrant } from '../../lib/grant/change-grant.ts';
import { connectBroker } from '../../lib/grant/connect-broker.ts';
import { ask } from '../../lib/grant/transitions.ts';
import { serve } from '../../lib/http/serve.ts';

const broker = connectBroker(process.env);

/** Shuts the grant for now. Live sessions are refused too; the role stays for a resume. */
export const handler = serve('suspend-grant', ({ input: { params }, caller, deadlineAt }) =>
  changeGrant(broker, params.grantId, deadlineAt, (grant) =>
    ask(grant, 'suspend', { by: caller.arn, now: broker.clock.now() }),
  ),
);
