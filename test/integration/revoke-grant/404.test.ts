import { refusesIdsOfNoGrant } from '../../support/no-such-grant.ts';

refusesIdsOfNoGrant('revoke-grant');
