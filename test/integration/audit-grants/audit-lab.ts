/** What the tests of the audit do again and again: grant, tamper, audit, and call as the child. */

import { IAMClient } from '@aws-sdk/client-iam';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { settleMs } from '../../../lib/audit/role-evidence.ts';
import type { Audit, Finding } from '../../../lib/contract/audit.ts';
import type { Grant } from '../../../lib/contract/grant.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

export type AuditAnswer = Audit & { readonly findings: readonly Finding[]; readonly nextCursor?: string };

export interface AuditLab extends TestSandbox {
  /** Of the parent's and the child's admin. */
  readonly parentIam: IAMClient;
  readonly childIam: IAMClient;
  grant(body?: Readonly<Record<string, unknown>>): Promise<Grant>;
  read(grantId: string): Promise<Grant>;
  /** A finished audit, after IAM has had time to settle; throws when it did not finish. */
  audit(mode?: 'report' | 'repair'): Promise<AuditAnswer>;
  /** What the child gets: `ok`, or the name of the error. */
  invokeAsChild(grant: Grant, endpointName?: string): Promise<string>;
}

export async function openLab(): Promise<AuditLab> {
  const sandbox = await startSandbox();
  const { asParent, asChild } = sandbox;
  return {
    ...sandbox,
    parentIam: new IAMClient(asParent.sdk),
    childIam: new IAMClient(asChild.sdk),
    async grant(body = {}) {
      const { status, json } = await asParent.post<Grant>('/grants', {
        endpoint: { name: 'puppet' },
        child: { accountId: sandbox.describe.child.accountId },
        ...body,
      });
      if (status !== 201 || json.status !== 'active')
        throw new Error(`The grant is ${status} ${json.status}.`);
      return json;
    },
    async read(grantId) {
      return (await asParent.get<Grant>(`/grants/${grantId}`)).json;
    },
    async audit(mode = 'report') {
      sandbox.advanceClock(settleMs / 1000);
      const { status, json } = await asParent.post<AuditAnswer>('/audits', { mode });
      if (status !== 201) throw new Error(`The audit answered ${status}: ${JSON.stringify(json)}`);
      return json;
    },
    async invokeAsChild(grant, endpointName = grant.endpoint.name) {
      try {
        const { Credentials } = await new STSClient(asChild.sdk).send(
          new AssumeRoleCommand({
            RoleArn: grant.role.arn,
            RoleSessionName: 'test',
            ExternalId: grant.externalId,
          }),
        );
        const credentials = {
          accessKeyId: Credentials?.AccessKeyId ?? '',
          secretAccessKey: Credentials?.SecretAccessKey ?? '',
          sessionToken: Credentials?.SessionToken ?? '',
        };
        await new SageMakerRuntimeClient({ ...asChild.sdk, credentials }).send(
          new InvokeEndpointCommand({ EndpointName: endpointName, Body: 'hello' }),
        );
        return 'ok';
      } catch (error) {
        return (error as Error).name;
      }
    },
  };
}

export function codesOf({ findings }: Pick<AuditAnswer, 'findings'>): string[] {
  return findings.map(({ code }) => code).sort();
}
