import type { GrantRecord } from '../../lib/grant/grant.ts';

export const parentId = '111111111111';
export const childId = '222222222222';
export const proberRoleArn = `arn:aws:iam::${parentId}:role/sharemaker-system/sharemaker-prober-dev`;
export const createdAt = '2027-01-01T00:00:00.000Z';
export const now = Date.parse('2027-01-10T00:00:00Z');

/** An active grant, settled and announced; a test changes what it is about. */
export function aGrant(change: Partial<GrantRecord> = {}): GrantRecord {
  const id = 'grt_01mb78qrx0000000000000000f';
  const name = `sharemaker-${id}`;
  return {
    id,
    version: 4,
    endpoint: {
      name: 'Iris-Classifier',
      region: 'us-east-1',
      arn: `arn:aws:sagemaker:us-east-1:${parentId}:endpoint/iris-classifier`,
      createdAt,
    },
    child: { accountId: childId },
    modes: ['sync'],
    expiresAt: '2027-04-01T00:00:00.000Z',
    status: 'active',
    goal: 'active',
    generation: 1,
    provenGeneration: 1,
    role: { name, arn: `arn:aws:iam::${parentId}:role/sharemaker/${childId}/${name}`, id: 'AROAEXAMPLE' },
    externalIds: { current: 'external-id-current' },
    proven: {
      terms: { modes: ['sync'], expiresAt: '2027-04-01T00:00:00.000Z' },
      slot: 'invoke',
      mark: `${id}@1.1`,
    },
    warnings: [],
    probes: [],
    createdAt,
    createdBy: `arn:aws:iam::${parentId}:user/admin`,
    updatedAt: createdAt,
    history: [{ at: createdAt, by: `arn:aws:iam::${parentId}:user/admin`, event: 'grant.created' }],
    announced: 1,
    events: 1,
    ...change,
  };
}
