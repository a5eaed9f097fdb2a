/** What was there before the story begins: visible at once, whatever the lag. Seeding twice replaces, and keeps ids. */

import { AwsFault } from '../aws-fault.ts';
import type { PolicyDocument } from '../policy/document.ts';
import type { Credentials, RoleSeed } from '../types.ts';
import { ids } from './ids.ts';
import { policyArn } from './managed-policy.ts';
import { type IamState, keyOf, putNew, type StoredPolicy } from './state.ts';
import { storedTrust } from './trust-principals.ts';

export function seedRole(state: IamState, accountId: string, seed: RoleSeed): { arn: string; id: string } {
  const { roles } = state.account(accountId);
  const existing = roles.get(keyOf(seed.name));
  const path = seed.path ?? '/';
  const id = existing?.id ?? ids.role();
  const arn = `arn:aws:iam::${accountId}:role${path}${seed.name}`;
  const { boundaryArn } = seed;
  putNew(
    state,
    accountId,
    {
      kind: 'role',
      name: seed.name,
      path,
      id,
      arn,
      createdAt: existing?.createdAt ?? state.clock.now(),
      trust: trustOf(state, seed.trust),
      maxSessionSeconds: seed.maxSessionSeconds ?? 3600,
      tags: new Map(Object.entries(seed.tags ?? {})),
      inline: new Map(Object.entries(seed.inline ?? {}).map(([name, document]) => [name, stored(document)])),
      attached: seed.managedPolicyArns ?? [],
      ...(boundaryArn !== undefined && { boundaryArn }),
    },
    'seed',
  );
  return { arn, id };
}

export function seedUser(
  state: IamState,
  accountId: string,
  seed: {
    readonly name: string;
    readonly credentials: Credentials;
    readonly managedPolicyArns?: readonly string[];
  },
): void {
  const key = keyOf(seed.name);
  const existing = state.account(accountId).users.get(key);
  const id = existing?.id ?? ids.user();
  const createdAt = existing?.createdAt ?? state.clock.now();
  putNew(
    state,
    accountId,
    {
      kind: 'user',
      name: seed.name,
      path: '/',
      id,
      arn: `arn:aws:iam::${accountId}:user/${seed.name}`,
      createdAt,
      tags: new Map(),
      groups: existing?.groups ?? [],
      inline: new Map(),
      attached: seed.managedPolicyArns ?? [],
    },
    'seed',
  );
  const { accessKeyId, secretAccessKey } = seed.credentials;
  state.accessKeys.seed(accessKeyId, {
    id: accessKeyId,
    secretAccessKey,
    accountId,
    userKey: key,
    userId: id,
    isActive: true,
    createdAt,
  });
}

export function seedManagedPolicy(
  state: IamState,
  accountId: string,
  seed: { readonly name: string; readonly path?: string; readonly document: PolicyDocument },
): string {
  const { policies } = state.account(accountId);
  const path = seed.path ?? '/';
  const arn = policyArn(accountId, path, seed.name);
  const createdAt = policies.get(arn)?.createdAt ?? state.clock.now();
  policies.seed(arn, {
    name: seed.name,
    path,
    id: policies.get(arn)?.id ?? ids.policy(),
    arn,
    createdAt,
    updatedAt: createdAt,
    defaultVersionId: 'v1',
    versions: new Map([['v1', { ...stored(seed.document), createdAt }]]),
    nextVersion: 2,
  });
  return arn;
}

function stored(document: PolicyDocument): StoredPolicy {
  return { text: JSON.stringify(document), document };
}

/** Roles that trust each other cannot both be there first; a principal that is not there yet keeps its ARN. */
function trustOf(state: IamState, trust: PolicyDocument): PolicyDocument {
  try {
    return storedTrust(trust, state);
  } catch (error) {
    if (error instanceof AwsFault) return trust;
    throw error;
  }
}
