/** Clients that are not ours, unchanged: boto3 and the AWS CLI follow the manual recipe. Skipped where not installed. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { missing } from '../../e2e/clients/run-program.ts';
import { aWorld, childId, parentId } from './a-world.ts';

const run = promisify(execFile);
const noBoto3 = missing('boto3');
const noCli = missing('AWS CLI');

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function aServer() {
  const world = aWorld();
  const { port, close } = await world.front.listen(0);
  closing.push(close);
  const environment = (keys: { accessKeyId: string; secretAccessKey: string }) => ({
    PATH: process.env['PATH'] ?? '',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  });
  return { ...world, environment };
}

const recipe = `
import json, boto3
iam = boto3.client('iam')
trust = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'AWS': '${childId}'},
         'Action': 'sts:AssumeRole', 'Condition': {'StringEquals': {'sts:ExternalId': 'e-1'}}}]}
policy = iam.create_policy(PolicyName='list', PolicyDocument=json.dumps({'Version': '2012-10-17',
         'Statement': [{'Effect': 'Allow', 'Action': 'iam:ListRoles', 'Resource': '*'}]}))['Policy']['Arn']
iam.create_role(RoleName='share', Path='/x/', AssumeRolePolicyDocument=json.dumps(trust), Tags=[{'Key': 'a', 'Value': 'b'}])
iam.attach_role_policy(RoleName='share', PolicyArn=policy)
role = iam.get_role(RoleName='share')['Role']
details = list(iam.get_paginator('get_account_authorization_details').paginate(PaginationConfig={'PageSize': 1}))
print(json.dumps({'principal': role['AssumeRolePolicyDocument']['Statement'][0]['Principal'],
  'roles': [r['RoleName'] for page in details for r in page['RoleDetailList']], 'tags': role['Tags'],
  'quota': iam.get_account_summary()['SummaryMap']['RolesQuota']}))
`;

const assume = `
import json, boto3, botocore
sts = boto3.client('sts')
arn = 'arn:aws:iam::${parentId}:role/x/share'
try:
    sts.assume_role(RoleArn=arn, RoleSessionName='here', ExternalId='wrong')
    refusal = None
except botocore.exceptions.ClientError as error:
    refusal = error.response['Error']['Code']
answer = sts.assume_role(RoleArn=arn, RoleSessionName='here', ExternalId='e-1')
keys = answer['Credentials']
session = boto3.Session(aws_access_key_id=keys['AccessKeyId'], aws_secret_access_key=keys['SecretAccessKey'], aws_session_token=keys['SessionToken'])
print(json.dumps({'refusal': refusal, 'arn': session.client('sts').get_caller_identity()['Arn'],
  'roles': [r['RoleName'] for r in session.client('iam').list_roles()['Roles']]}))
`;

describe('boto3', () => {
  it.skipIf(noBoto3)(
    'makes a share by the recipe, and the other account uses it (needs python3-boto3)',
    async () => {
      const { environment, parent, child } = await aServer();
      const made = await run('python3', ['-c', recipe], { env: environment(parent.keys) });
      expect(JSON.parse(made.stdout)).toEqual({
        principal: { AWS: `arn:aws:iam::${childId}:root` },
        roles: ['share'],
        tags: [{ Key: 'a', Value: 'b' }],
        quota: 1000,
      });
      const used = await run('python3', ['-c', assume], { env: environment(child.keys) });
      expect(JSON.parse(used.stdout)).toEqual({
        refusal: 'AccessDenied',
        arn: `arn:aws:sts::${parentId}:assumed-role/share/here`,
        roles: ['share'],
      });
    },
  );
});

describe('the AWS CLI', () => {
  it.skipIf(noCli)('says who it is, and makes and reads a user (needs awscli)', async () => {
    const { environment, parent } = await aServer();
    const aws = async (...words: string[]) =>
      JSON.parse(
        (await run('aws', [...words, '--output', 'json'], { env: environment(parent.keys) })).stdout,
      );
    expect(await aws('sts', 'get-caller-identity')).toMatchObject({ Account: parentId });
    expect(await aws('iam', 'create-user', '--user-name', 'ada')).toMatchObject({
      User: { UserName: 'ada' },
    });
    expect((await aws('iam', 'list-users')).Users).toHaveLength(2);
  });
});
