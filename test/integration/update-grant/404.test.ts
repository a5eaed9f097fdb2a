import { refusesIdsOfNoGrant } from '../../support/no-such-grant.ts';

refusesIdsOfNoGrant('update-grant', { note: 'for nobody' });
