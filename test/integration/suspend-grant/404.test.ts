import { refusesIdsOfNoGrant } from '../../support/no-such-grant.ts';

refusesIdsOfNoGrant('suspend-grant');
