/** DynamoDB's JSON protocol, without the SDK: the relay reads one item, and loading the SDK for it would double its cold start. */

import { objectOf } from './attributes.ts';
import { type AwsCallOptions, callAws } from './aws-call.ts';
import { AwsError, bareCode } from './aws-error.ts';

export type DynamoOperation = 'GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query';

/** Answers DynamoDB's own output. Throws AwsError under DynamoDB's name for it, or HttpFailure. */
export type Dynamo = (operation: DynamoOperation, input: object) => Promise<Record<string, unknown>>;

export function createDynamo(options: AwsCallOptions): Dynamo {
  return async (operation, input) => {
    const answer = await callAws(
      {
        service: 'dynamodb',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': `DynamoDB_20120810.${operation}`,
        },
        body: JSON.stringify(input),
        errorOf: (status, body) =>
          new AwsError(bareCode(String(parseObject(body)['__type'] ?? 'Unknown')), status),
      },
      options,
    );
    return parseObject(answer);
  };
}

export function isConditionFailure(error: unknown): error is AwsError {
  return error instanceof AwsError && error.name === 'ConditionalCheckFailedException';
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}
