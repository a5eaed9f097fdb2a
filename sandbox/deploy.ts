import type { ApiGateway } from './apigateway/api-gateway.ts';
import type { DynamoDb } from './dynamodb/dynamodb.ts';
import type { Lambda } from './lambda/lambda.ts';
import type { Messaging } from './messaging/messaging.ts';
import type { S3 } from './s3/s3.ts';
import type { Schedules } from './schedules.ts';
import type { Stack } from './stack/stack.ts';
import type { Iam } from './types.ts';

/** The services that a stack's resources live in. */
export interface Services {
  readonly iam: Iam;
  readonly dynamoDb: DynamoDb;
  readonly s3: S3;
  readonly messaging: Messaging;
  readonly lambda: Lambda;
  readonly apiGateway: ApiGateway;
  readonly schedules: Schedules;
}

/** What CloudFormation does: makes everything a stack names. Answers the API's URL. */
export async function deploy(
  stack: Stack,
  bundles: ReadonlyMap<string, string>,
  services: Services,
): Promise<string> {
  const { accountId, region } = stack;
  const { iam, dynamoDb, s3, messaging, lambda, apiGateway, schedules } = services;
  for (const policy of stack.managedPolicies) iam.seedManagedPolicy(accountId, policy);
  for (const role of stack.roles) iam.seedRole(accountId, role);
  for (const name of stack.eventBuses) messaging.createBus(accountId, name, region);
  for (const name of stack.topics) messaging.createTopic(accountId, name, region);
  for (const name of stack.buckets) s3.createBucket(accountId, name, { region });
  await Promise.all(stack.tables.map((table) => dynamoDb.createTable(accountId, region, table)));
  lambda.deploy(stack, bundles);
  schedules.add(stack);
  return apiGateway.deploy(stack);
}
