/** What is promised of a deployment and the sandbox has no use for, held against the compiled template. */

import { expect, it } from 'vitest';
import { namesOn, readTemplate } from './template.ts';

/** As serverless.yml says. */
const stageCharactersMax = 18;

/** @param path of the template; it is read when the tests run */
export function describePromises(account: string, path: string): void {
  const template = () => readTemplate(path);

  it('keeps tables and buckets when the stack goes, encrypted, and tables as they were at any second', () => {
    const tables = template().ofType('AWS::DynamoDB::Table');
    const buckets = template()
      .ofType('AWS::S3::Bucket')
      // The framework's own: it holds the bundles.
      .filter(({ id }) => id !== 'ServerlessDeploymentBucket');
    expect(tables.map(({ id }) => id)).toEqual(
      account === 'parent' ? ['GrantsTable', 'AuditsTable'] : ['SubscriptionsTable'],
    );
    expect(buckets.map(({ id }) => id)).toEqual(account === 'parent' ? ['AsyncBucket'] : []);
    for (const kept of [...tables, ...buckets])
      expect(kept, kept.id).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    for (const { id, Properties } of tables)
      expect(Properties, id).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { SSEEnabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    for (const { id, Properties } of buckets)
      expect(Properties, id).toMatchObject({
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: expect.any(String) } },
          ],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      });
  });

  it('keeps logs for 90 days, of every function', () => {
    const groups = template().ofType('AWS::Logs::LogGroup');
    expect(groups.map(({ Properties }) => Properties['RetentionInDays'])).toEqual(groups.map(() => 90));
    const functions = template().ofType('AWS::Lambda::Function');
    expect(groups.map(({ Properties }) => Properties['LogGroupName'])).toEqual(
      expect.arrayContaining(functions.map(({ Properties }) => `/aws/lambda/${Properties['FunctionName']}`)),
    );
  });

  it('is entered by signed calls of its API alone', () => {
    const methods = template().ofType('AWS::ApiGateway::Method');
    expect(methods.length).toBeGreaterThan(0);
    for (const { id, Properties } of methods) expect(Properties['AuthorizationType'], id).toBe('AWS_IAM');
    expect(template().ofType('AWS::Lambda::Url')).toEqual([]);
    const invokers = template()
      .ofType('AWS::Lambda::Permission')
      .map(({ Properties }) => JSON.stringify(Properties['Principal']));
    expect(new Set(invokers)).toEqual(
      new Set(['"apigateway.amazonaws.com"', ...(account === 'parent' ? ['"events.amazonaws.com"'] : [])]),
    );
  });

  it('gives every function a role of its own, where no function may write', () => {
    const { resources, ofType } = template();
    const roleIds = ofType('AWS::Lambda::Function').map(
      ({ Properties }) =>
        (Properties['Role'] as { 'Fn::GetAtt': readonly [string, string] })['Fn::GetAtt'][0],
    );
    expect(new Set(roleIds).size).toBe(roleIds.length);
    const roles = resources.filter(({ Type, id }) => Type === 'AWS::IAM::Role' || roleIds.includes(id));
    expect(roles.map(({ id }) => id)).toEqual(expect.arrayContaining(roleIds));
    for (const { id, Type, Properties } of roles)
      expect([Type, Properties['Path']], id).toEqual(['AWS::IAM::Role', '/sharemaker-system/']);
  });

  it.each(['dev', 'a'.repeat(stageCharactersMax)])('has names that AWS allows on the stage %s', (stage) => {
    // Of the Regions that anybody may use, the longest names have 14 characters.
    const named = namesOn(path, { stage, region: 'ap-southeast-1' });
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter(({ isAllowed }) => !isAllowed)).toEqual([]);
    expect(named.filter(({ name }) => !name.includes(stage))).toEqual([]);
  });
}
