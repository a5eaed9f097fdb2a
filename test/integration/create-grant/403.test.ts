import { onlyTheParentMay } from '../../support/only-the-parent.ts';

onlyTheParentMay('create-grant', {
  endpoint: { name: 'Iris-Classifier' },
  child: { accountId: '222222222222' },
});
