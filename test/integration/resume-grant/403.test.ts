import { onlyTheParentMay } from '../../support/only-the-parent.ts';

onlyTheParentMay('resume-grant');
