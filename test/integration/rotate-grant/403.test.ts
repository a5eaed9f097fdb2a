import { onlyTheParentMay } from '../../support/only-the-parent.ts';

onlyTheParentMay('rotate-grant', { graceSeconds: 0 });
