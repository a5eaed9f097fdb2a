/**
 * Managed policies of AWS that people attach when they follow a recipe. They hold what concerns the services of
 * the sandbox; AWS's own are longer (AWS Managed Policy Reference Guide).
 */

import type { Statement } from '../policy/document.ts';
import type { ManagedPolicy } from './state.ts';

export const awsManagedPolicies: ReadonlyMap<string, ManagedPolicy> = new Map(
  [
    managed('/', 'AdministratorAccess', 'ANPAIWMBCKSKIEE64ZLYK', [
      { Effect: 'Allow', Action: '*', Resource: '*' },
    ]),
    managed('/', 'ReadOnlyAccess', 'ANPAILL3HVNFSB6DCOWYQ', [
      {
        Effect: 'Allow',
        Action: [
          'apigateway:GET',
          'dynamodb:BatchGetItem',
          'dynamodb:Describe*',
          'dynamodb:Get*',
          'dynamodb:List*',
          'dynamodb:Query',
          'dynamodb:Scan',
          'events:Describe*',
          'events:List*',
          'iam:Generate*',
          'iam:Get*',
          'iam:List*',
          'iam:Simulate*',
          's3:Get*',
          's3:List*',
          'sagemaker:Describe*',
          'sagemaker:Get*',
          'sagemaker:List*',
          'sns:Get*',
          'sns:List*',
        ],
        Resource: '*',
      },
    ]),
    managed('/', 'AmazonSageMakerFullAccess', 'ANPAJZ5IWYMXO5QDB4QOG', [
      { Effect: 'Allow', Action: 'sagemaker:*', Resource: 'arn:aws:sagemaker:*:*:*' },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
        Resource: ['arn:aws:s3:::*SageMaker*', 'arn:aws:s3:::*Sagemaker*', 'arn:aws:s3:::*sagemaker*'],
      },
      {
        Effect: 'Allow',
        Action: ['s3:CreateBucket', 's3:GetBucketLocation', 's3:ListBucket', 's3:ListAllMyBuckets'],
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Action: ['sns:Subscribe', 'sns:CreateTopic', 'sns:Publish'],
        Resource: [
          'arn:aws:sns:*:*:*SageMaker*',
          'arn:aws:sns:*:*:*Sagemaker*',
          'arn:aws:sns:*:*:*sagemaker*',
        ],
      },
    ]),
    managed('/service-role/', 'AWSLambdaBasicExecutionRole', 'ANPAJNCQGXC42545SKXIK', [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: '*',
      },
    ]),
  ].map((policy) => [policy.arn, policy]),
);

function managed(path: string, name: string, id: string, statements: readonly Statement[]): ManagedPolicy {
  const document = { Version: '2012-10-17', Statement: statements } as const;
  const createdAt = Date.parse('2015-02-06T18:39:46Z');
  return {
    name,
    path,
    id,
    arn: `arn:aws:iam::aws:policy${path}${name}`,
    createdAt,
    updatedAt: createdAt,
    defaultVersionId: 'v1',
    versions: new Map([['v1', { text: JSON.stringify(document), document, createdAt }]]),
    nextVersion: 2,
  };
}
