import { onlyTheParentMay } from '../../support/only-the-parent.ts';

onlyTheParentMay('list-endpoints');
