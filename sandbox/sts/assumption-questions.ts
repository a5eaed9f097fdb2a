/**
 * What IAM is asked before a role's session is handed out: one question for each thing that the session is to carry,
 * and with it only those keys that the Service Authorization Reference lists for that action ("Actions, resources, and
 * condition keys for AWS Security Token Service"). A condition on `sts:ExternalId` therefore never holds for
 * `sts:SetSourceIdentity`, not even in a statement that allows both.
 */

export type RequestKeys = Readonly<Record<string, string | readonly string[]>>;

export interface AssumptionQuestion {
  readonly action: string;
  readonly context: RequestKeys;
}

/** @param keys all that the request brings, and the tags of the role */
export function assumptionQuestions(keys: RequestKeys): AssumptionQuestion[] {
  return rows
    .filter(({ onlyWith }) => onlyWith === undefined || keys[onlyWith] !== undefined)
    .map(({ action, listed }) => ({
      action,
      context: Object.fromEntries(Object.entries(keys).filter(([key]) => listed.some(isNameOf(key)))),
    }));
}

/** A name that ends in a slash stands for all keys under it. */
function isNameOf(key: string): (name: string) => boolean {
  return (name) => (name.endsWith('/') ? key.startsWith(name) : key === name);
}

const ofTheRole = ['aws:ResourceTag/', 'iam:ResourceTag/'];
const ofTags = ['aws:RequestTag/', 'aws:TagKeys', 'sts:TransitiveTagKeys'];

interface Row {
  readonly action: string;
  /** Asked only when the request has this key. */
  readonly onlyWith?: string;
  readonly listed: readonly string[];
}

const rows: readonly Row[] = [
  {
    action: 'sts:AssumeRole',
    listed: [...ofTheRole, ...ofTags, 'sts:ExternalId', 'sts:RoleSessionName', 'sts:SourceIdentity'],
  },
  { action: 'sts:TagSession', onlyWith: 'aws:TagKeys', listed: [...ofTheRole, ...ofTags] },
  {
    action: 'sts:SetSourceIdentity',
    onlyWith: 'sts:SourceIdentity',
    listed: [...ofTheRole, 'sts:SourceIdentity'],
  },
];
