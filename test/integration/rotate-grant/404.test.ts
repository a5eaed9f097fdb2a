import { refusesIdsOfNoGrant } from '../../support/no-such-grant.ts';

refusesIdsOfNoGrant('rotate-grant', {});
