import { randomBytes } from 'node:crypto';
import type { Credentials, Iam } from './types.ts';

/** The accounts of the sandbox. Parent and child are of one organization, the outsider is of none. */
export const accounts = {
  parent: { accountId: '111111111111', orgId: 'o-sharemaker' },
  child: { accountId: '222222222222', orgId: 'o-sharemaker' },
  outsider: { accountId: '333333333333' },
} as const satisfies Record<string, { accountId: string; orgId?: string }>;

export type AccountName = keyof typeof accounts;

export function orgIdOf(accountId: string): string | undefined {
  const all: { accountId: string; orgId?: string }[] = Object.values(accounts);
  return all.find((account) => account.accountId === accountId)?.orgId;
}

/** Opens each account with its IAM user `admin`, whose keys are new in every run. */
export function openAccounts(iam: Iam): Record<AccountName, Credentials> {
  const open = ({ accountId, ...options }: { accountId: string; orgId?: string }) => {
    iam.addAccount(accountId, options);
    const credentials = newKeys();
    iam.seedUser(accountId, {
      name: 'admin',
      credentials,
      managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'],
    });
    return credentials;
  };
  return { parent: open(accounts.parent), child: open(accounts.child), outsider: open(accounts.outsider) };
}

/** An access key id is `AKIA` and 16 letters of base32; a secret 40 of base64. */
function newKeys(): Credentials {
  const letters = [...randomBytes(16)].map((byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32]);
  return { accessKeyId: `AKIA${letters.join('')}`, secretAccessKey: randomBytes(30).toString('base64') };
}
