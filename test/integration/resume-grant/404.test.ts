import { refusesIdsOfNoGrant } from '../../support/no-such-grant.ts';

refusesIdsOfNoGrant('resume-grant');
