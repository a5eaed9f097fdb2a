/** Grants as they are once they were proven, and their roles as IAM then has them. */

import { draftGrant } from '../../lib/grant/draft.ts';
import type { DescribedEndpoint } from '../../lib/grant/endpoints.ts';
import { type GrantRecord, termsOf } from '../../lib/grant/grant.ts';
import { denyDocument, markOf, permissionDocument, trustDocument } from '../../lib/grant/policies.ts';
import { tagsOf } from '../../lib/grant/share-role.ts';
import type { PolicyDocument } from '../../sandbox/policy/document.ts';
import type { RoleSeed } from '../../sandbox/types.ts';

export interface Around {
  readonly parentAccountId: string;
  readonly proberRoleArn: string;
  readonly boundaryArn: string;
  readonly now: number;
}

/** 26 characters of Crockford's base 32, the same for the same number. */
export function grantIdNumber(number: number): string {
  return `grt_${number.toString().padStart(26, '0')}`;
}

/** An active grant, proven long enough ago to be compared; one field is changed for each test. */
export function aGrant(around: Around, number: number, changes: Partial<GrantRecord> = {}): GrantRecord {
  const id = grantIdNumber(number);
  const createdAt = around.now - 86_400_000;
  const endpoint: DescribedEndpoint = {
    name: 'Iris-Classifier',
    region: 'us-east-1',
    arn: `arn:aws:sagemaker:us-east-1:${around.parentAccountId}:endpoint/iris-classifier`,
    status: 'InService',
    createdAt: new Date(createdAt - 86_400_000).toISOString(),
  };
  const draft = draftGrant(
    { endpoint: { name: endpoint.name }, child: { accountId: '222222222222' }, modes: ['sync'] },
    {
      ...around,
      id,
      endpoint,
      externalId: `external-id-of-${id}`,
      asyncBucket: 'sharemaker-async',
      by: `arn:aws:iam::${around.parentAccountId}:user/admin`,
      now: createdAt,
    },
  );
  const { pending: _done, ...rest } = draft;
  return {
    ...rest,
    status: 'active',
    provenGeneration: draft.generation,
    announced: draft.events,
    proven: { terms: termsOf(draft), slot: 'invoke', mark: markOf(draft, 1) },
    role: { ...draft.role, id: `AROA${number.toString().padStart(17, '0')}` },
    ...changes,
  };
}

/** The role that the grant calls for. */
export function roleOf(record: GrantRecord, around: Around, changes: Partial<RoleSeed> = {}): RoleSeed {
  return {
    name: record.role.name,
    path: `/sharemaker/${record.child.accountId}/`,
    trust: trustDocument(record, around) as PolicyDocument,
    inline: {
      [record.proven?.slot ?? 'invoke']: permissionDocument(record) as PolicyDocument,
      ...(record.status === 'suspended' && { deny: denyDocument as PolicyDocument }),
    },
    boundaryArn: around.boundaryArn,
    tags: tagsOf(record, around.boundaryArn),
    ...changes,
  };
}
