/**
 * The condition keys whose presence and absence the sandbox can vouch for (IAM User Guide, "AWS global condition
 * context keys"; Service Authorization Reference for the others). A key that is neither here nor in the request
 * might have been there in AWS, so no Allow may rest on its absence. Names in lower case; a trailing slash
 * stands for any tag.
 */
export interface ConditionKey {
  readonly type: KeyType;
  readonly isMultivalued?: boolean;
}

export type KeyType = 'string' | 'arn' | 'date' | 'number' | 'boolean' | 'ip';

/** @returns undefined for a key the sandbox does not know. */
export function findConditionKey(name: string): ConditionKey | undefined {
  const lower = name.toLowerCase();
  const slash = lower.indexOf('/');
  return knownKeys.get(slash === -1 ? lower : lower.slice(0, slash + 1));
}

const string: ConditionKey = { type: 'string' };
const strings: ConditionKey = { type: 'string', isMultivalued: true };
const arn: ConditionKey = { type: 'arn' };
const date: ConditionKey = { type: 'date' };
const number: ConditionKey = { type: 'number' };
const boolean: ConditionKey = { type: 'boolean' };
const ip: ConditionKey = { type: 'ip' };

const knownKeys: ReadonlyMap<string, ConditionKey> = new Map(
  Object.entries({
    // The principal
    'aws:principalarn': arn,
    'aws:principalaccount': string,
    'aws:principalorgid': string,
    'aws:principaltype': string,
    'aws:principaltag/': string,
    'aws:principalisawsservice': boolean,
    'aws:principalservicename': string,
    'aws:principalservicenameslist': strings,
    'aws:userid': string,
    'aws:username': string,
    'aws:federatedprovider': string,
    // Its session
    'aws:tokenissuetime': date,
    'aws:sourceidentity': string,
    'aws:multifactorauthpresent': boolean,
    'aws:multifactorauthage': number,
    // The network
    'aws:sourceip': ip,
    'aws:sourcevpce': string,
    // The resource
    'aws:resourceaccount': string,
    'aws:resourcetag/': string,
    'iam:resourcetag/': string,
    // The request
    'aws:currenttime': date,
    'aws:epochtime': number,
    'aws:requestedregion': string,
    'aws:requesttag/': string,
    'aws:tagkeys': strings,
    'aws:securetransport': boolean,
    'aws:viaawsservice': boolean,
    'aws:calledvia': strings,
    'aws:calledviafirst': string,
    'aws:calledvialast': string,
    'aws:sourceaccount': string,
    'aws:sourcearn': arn,
    'aws:sourceorgid': string,
    // Services
    'sts:externalid': string,
    'sts:rolesessionname': string,
    'sts:sourceidentity': string,
    'sts:transitivetagkeys': strings,
    'iam:permissionsboundary': arn,
    'iam:policyarn': arn,
    'sagemaker:targetmodel': string,
  }),
);
