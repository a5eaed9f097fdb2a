/** One request per operation, and the answers worth showing. A test holds them against the schemas. */

import type { Answer, Body, OperationName } from '../../lib/contract/operations.ts';

export interface Example<Name extends OperationName> {
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body<Name>;
  readonly status: number;
  /** Absent where another operation shows the same. */
  readonly answer?: Answer<Name>;
}

const grantId = 'grt_01k9x4vq7m3f8r2ztbn5hcw6de';
const auditId = 'aud_01k9x5c2rjt7q8v0mfyw3gz4ba';
const admin = 'arn:aws:iam::111111111111:user/admin';
const childAdmin = 'arn:aws:iam::222222222222:user/admin';
const roleArn = `arn:aws:iam::111111111111:role/sharemaker/222222222222/sharemaker-${grantId}`;
const offerUrl = `https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/dev/offers/${grantId}`;
const at = (time: string) => `2026-11-24T${time}Z`;

const grant: Answer<'get-grant'> = {
  id: grantId,
  endpoint: {
    name: 'Iris-Classifier',
    region: 'us-east-1',
    arn: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/iris-classifier',
  },
  child: { accountId: '222222222222' },
  modes: ['sync', 'stream'],
  expiresAt: '2027-02-21T00:00:00.000Z',
  note: 'churn model for marketing',
  status: 'active',
  role: { arn: roleArn, id: 'AROAEXAMPLEROLEID1234' },
  externalId: 'example-of-an-external-id',
  warnings: [],
  probes: [
    {
      probe: 'assume with the external id',
      expected: 'allowed',
      observed: 'allowed',
      at: at('09:15:04.310'),
    },
    {
      probe: 'assume with another external id',
      expected: 'denied',
      observed: 'denied',
      at: at('09:15:04.362'),
    },
    { probe: 'invoke sync', expected: 'allowed', observed: 'allowed', at: at('09:15:04.418') },
    { probe: 'invoke stream', expected: 'allowed', observed: 'allowed', at: at('09:15:04.447') },
  ],
  createdAt: at('09:15:02.118'),
  createdBy: admin,
  updatedAt: at('09:15:04.502'),
  version: 2,
  history: [
    { at: at('09:15:02.118'), by: admin, event: 'grant.created' },
    { at: at('09:15:04.502'), by: 'sharemaker', event: 'grant.activated' },
  ],
};

const revoked: Answer<'revoke-grant'> = {
  ...grant,
  status: 'revoked',
  receipt: {
    askedAt: at('16:40:07.000'),
    lastAllowedAt: at('16:40:09.204'),
    sessionDeniedAt: at('16:40:10.311'),
    freshDeniedAt: at('16:40:10.329'),
    provenAt: at('16:40:11.950'),
    roleRemovedAt: at('16:40:12.240'),
    seconds: 4.95,
  },
  updatedAt: at('16:40:12.260'),
  version: 4,
  history: [
    ...grant.history,
    { at: at('16:40:07.000'), by: admin, event: 'grant.revoke_asked' },
    { at: at('16:40:12.260'), by: 'sharemaker', event: 'grant.revoked' },
  ],
};

const subscription: Answer<'get-subscription'> = {
  alias: 'iris',
  grantId,
  roleArn,
  endpoint: { name: 'Iris-Classifier', region: 'us-east-1' },
  modes: ['sync', 'stream'],
  expiresAt: '2027-02-21T00:00:00.000Z',
  status: 'active',
  checkedAt: at('09:20:31.007'),
  acceptedAt: at('09:20:31.007'),
  acceptedBy: childAdmin,
  offerUrl,
  version: 1,
};

const audit: Answer<'get-audit'> = {
  id: auditId,
  status: 'finished',
  mode: 'repair',
  startedAt: at('10:00:00.000'),
  finishedAt: at('10:00:03.412'),
  startedBy: 'schedule',
  counts: {
    rolesRead: 412,
    grantsCompared: 38,
    iamCalls: 3,
    findings: 1,
    high: 1,
    repaired: 1,
    seconds: 3.412,
  },
  findings: [
    {
      code: 'policy.drifted',
      severity: 'high',
      subject: roleArn,
      grantId,
      evidence: [
        '- Resource arn:aws:sagemaker:us-east-1:111111111111:endpoint/iris-classifier',
        '+ Resource *',
      ],
      remedy: 'Look in CloudTrail who changed it (PutRolePolicy); repair puts it back and proves it.',
      repair: 'repaired',
    },
  ],
};

export const examples: { readonly [Name in OperationName]: Example<Name> } = {
  'create-grant': {
    path: '/grants',
    headers: { 'Idempotency-Key': 'churn-2027' },
    body: {
      endpoint: { name: 'Iris-Classifier' },
      child: { accountId: '222222222222' },
      modes: ['sync', 'stream'],
      expiresAt: '2027-02-21T00:00:00Z',
      note: 'churn model for marketing',
    },
    status: 201,
    answer: grant,
  },
  'list-grants': { path: '/grants?status=active&childAccountId=222222222222&limit=50', status: 200 },
  'get-grant': { path: `/grants/${grantId}`, status: 200 },
  'update-grant': {
    path: `/grants/${grantId}`,
    headers: { 'If-Match': '"2"' },
    body: { expiresAt: '2027-05-21T00:00:00Z', conditions: null },
    status: 200,
  },
  'suspend-grant': { path: `/grants/${grantId}/suspend`, status: 200 },
  'resume-grant': { path: `/grants/${grantId}/resume`, status: 200 },
  'rotate-grant': { path: `/grants/${grantId}/rotate`, body: { graceSeconds: 7200 }, status: 200 },
  'revoke-grant': { path: `/grants/${grantId}/revoke`, status: 200, answer: revoked },
  'get-offer': {
    path: `/offers/${grantId}`,
    status: 200,
    answer: {
      version: 1,
      grantId,
      roleArn,
      externalId: 'example-of-an-external-id',
      childAccountId: '222222222222',
      endpoint: { name: 'Iris-Classifier', region: 'us-east-1' },
      modes: ['sync', 'stream'],
      expiresAt: '2027-02-21T00:00:00.000Z',
      offerUrl,
    },
  },
  'list-endpoints': {
    path: '/endpoints',
    status: 200,
    answer: {
      items: [
        {
          name: 'Iris-Classifier',
          arn: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/iris-classifier',
          status: 'InService',
          createdAt: '2026-10-02T08:00:00.000Z',
          grants: 3,
        },
      ],
    },
  },
  'audit-grants': { path: '/audits', body: { mode: 'repair' }, status: 201 },
  'list-audits': { path: '/audits?limit=10', status: 200 },
  'get-audit': { path: `/audits/${auditId}`, status: 200, answer: audit },
  'accept-offer': {
    path: '/subscriptions',
    body: { alias: 'iris', offerUrl },
    status: 201,
    answer: subscription,
  },
  'list-subscriptions': { path: '/subscriptions', status: 200 },
  'get-subscription': { path: '/subscriptions/iris', status: 200 },
  'check-subscription': { path: '/subscriptions/iris/check', status: 200 },
  'remove-subscription': { path: '/subscriptions/iris', status: 204 },
};
