/**
 * The actions a role's trust policy is about: STS asks for each of them on the role to be assumed. In lower case,
 * for action names are read without regard to case.
 */
export const trustActions: ReadonlySet<string> = new Set([
  'sts:assumerole',
  'sts:assumerolewithsaml',
  'sts:assumerolewithwebidentity',
  'sts:setcontext',
  'sts:setsourceidentity',
  'sts:tagsession',
]);
