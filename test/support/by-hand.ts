/** What people do to share roles behind Sharemaker's back, as the parent's administrator. */

import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  type Role,
} from '@aws-sdk/client-iam';
import type { Grant } from '../../lib/contract/grant.ts';
import type { TestSandbox } from './sandbox.ts';

type Named = Pick<Grant, 'id'>;

export function byHand(sandbox: TestSandbox) {
  const iam = new IAMClient(sandbox.asParent.sdk);
  const roleName = ({ id }: Named) => `sharemaker-${id}`;
  const policiesOf = async (grant: Named): Promise<string[]> => {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: roleName(grant) }));
    return PolicyNames;
  };
  return {
    iam,
    /** Names of the inline policies. */
    policiesOf,
    async deleteRole(grant: Named): Promise<void> {
      const RoleName = roleName(grant);
      for (const PolicyName of await policiesOf(grant))
        await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
      await iam.send(new DeleteRoleCommand({ RoleName }));
    },
    async takeBoundaryOff(grant: Named): Promise<void> {
      await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName: roleName(grant) }));
    },
    async attach(grant: Named, PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'): Promise<void> {
      await iam.send(new AttachRolePolicyCommand({ RoleName: roleName(grant), PolicyArn }));
    },
    /** A role of the grant's name, made by somebody else. */
    async takeName(grant: Named): Promise<void> {
      await iam.send(
        new CreateRoleCommand({ RoleName: roleName(grant), AssumeRolePolicyDocument: lambdaTrust }),
      );
    },
    /** The manual recipe: a role for another account, with a policy that names the endpoint. Answers its ARN. */
    async shareByHand(RoleName: string, accountId: string, endpointArn: string): Promise<string> {
      const { Role } = await iam.send(
        new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trustOf(accountId)) }),
      );
      const PolicyDocument = JSON.stringify(invokePolicy(endpointArn));
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'invoke', PolicyDocument }));
      return Role!.Arn!;
    },
    /** Undefined when there is none. */
    async roleOf(grant: Named): Promise<Role | undefined> {
      try {
        return (await iam.send(new GetRoleCommand({ RoleName: roleName(grant) }))).Role;
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchEntityException') return undefined;
        throw error;
      }
    },
  };
}

const lambdaTrust = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
  },
});

const trustOf = (accountId: string) => ({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${accountId}:root` },
    Action: 'sts:AssumeRole',
  },
});

const invokePolicy = (endpointArn: string) => ({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'sagemaker:InvokeEndpoint', Resource: endpointArn },
});
