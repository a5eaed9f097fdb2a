// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the placeholders under test
import { describe, expect, it } from 'vitest';
import { resolveIntrinsics, type TemplateScope } from '../../../sandbox/stack/intrinsics.ts';
import { parseYaml } from '../../../sandbox/stack/yaml.ts';

const scope: TemplateScope = {
  accountId: '111111111111',
  region: 'us-east-1',
  stackName: 'sharemaker-parent-dev',
  conditions: {
    HasBus: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Bus' }, ''] }] },
    IsElsewhere: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] },
  },
  resources: {
    Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'grants' } },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: { RoleName: { 'Fn::Sub': 'r-${AWS::Region}' }, Path: '/p/' },
    },
    Plain: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'plain' } },
    Policy: { Type: 'AWS::IAM::ManagedPolicy', Properties: { ManagedPolicyName: 'm' } },
    Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 't' } },
    Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'b' } },
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::Sub': 'x-${AWS::AccountId}' } } },
    Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/aws/lambda/f' } },
    Nameless: { Type: 'AWS::S3::Bucket', Properties: {} },
    Odd: { Type: 'AWS::EC2::Instance' },
  },
};
const resolve = (yaml: string) => resolveIntrinsics(parseYaml(yaml), scope);

describe('what CloudFormation would make of', () => {
  it.each([
    ['!Ref AWS::AccountId', '111111111111'],
    ['!Ref AWS::StackName', 'sharemaker-parent-dev'],
    ['!Ref Table', 'grants'],
    ['!Ref Role', 'r-us-east-1'],
    ['!Ref Policy', 'arn:aws:iam::111111111111:policy/m'],
    ['!Ref Topic', 'arn:aws:sns:us-east-1:111111111111:t'],
    ['!Ref Bus', 'b'],
    ['!Ref Bucket', 'x-111111111111'],
    ['!GetAtt Table.Arn', 'arn:aws:dynamodb:us-east-1:111111111111:table/grants'],
    ['!GetAtt Role.Arn', 'arn:aws:iam::111111111111:role/p/r-us-east-1'],
    ['!GetAtt Plain.Arn', 'arn:aws:iam::111111111111:role/plain'],
    ['!GetAtt Bus.Arn', 'arn:aws:events:us-east-1:111111111111:event-bus/b'],
    ['!GetAtt Bucket.Arn', 'arn:aws:s3:::x-111111111111'],
    ['!GetAtt Logs.Arn', 'arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/f:*'],
    ['!Sub ${Table.Arn}/index/${Bus}', 'arn:aws:dynamodb:us-east-1:111111111111:table/grants/index/b'],
    ['!Sub arn:${AWS::Partition}:x:${AWS::Region}', 'arn:aws:x:us-east-1'],
    ['!Join ["-", [a, !Ref Bus, !Ref AWS::Region]]', 'a-b-us-east-1'],
    ['!Select [1, !Split ["-", a-b-c]]', 'b'],
    ['{ "Fn::If": [HasBus, { bus: !Ref Bus }, none] }', { bus: 'b' }],
    ['{ "Fn::If": [IsElsewhere, { bus: !Ref Bus }, none] }', 'none'],
    ['{ a: [!Ref Bus, { b: !Ref Table }], c: 1 }', { a: ['b', { b: 'grants' }], c: 1 }],
  ])('%s', (yaml, value) => {
    expect(resolve(yaml)).toEqual(value);
  });
});

it.each([
  ['!Ref Nobody', 'no resource "Nobody"'],
  ['!GetAtt Table.StreamArn', 'Table.StreamArn is unknown'],
  ['!Ref Nameless', 'needs a BucketName'],
  ['!Ref Odd', 'AWS::EC2::Instance'],
  ['{ "Fn::If": [IsNowhere, 1, 2] }', 'no condition "IsNowhere"'],
  ['{ "Fn::ImportValue": x }', 'Fn::ImportValue is unknown'],
])('%s is refused', (yaml, message) => {
  expect(() => resolve(yaml)).toThrow(message);
});
