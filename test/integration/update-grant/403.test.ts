import { onlyTheParentMay } from '../../support/only-the-parent.ts';

onlyTheParentMay('update-grant', { note: 'mine now' });
