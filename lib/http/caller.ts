import type { APIGatewayProxyEvent } from 'aws-lambda';
import { Problem } from '../contract/problems.ts';

/** Who signed the request, as API Gateway's IAM authorization found out. */
export interface HttpCaller {
  readonly accountId: string;
  /** With the session's name, for the record. */
  readonly arn: string;
  /** Without it: the same for every session of one role. */
  readonly principal: string;
}

/** Throws Problem `caller.unknown` when the route was not behind IAM authorization: a broken deployment must not become an open door. */
export function callerOf(event: Pick<APIGatewayProxyEvent, 'requestContext'>): HttpCaller {
  const { accountId, userArn } = event.requestContext?.identity ?? {};
  if (!accountId || !userArn)
    throw new Problem('caller.unknown', 'The request was not signed with AWS credentials.');
  return {
    accountId,
    arn: userArn,
    principal: userArn.replace(/^(arn:[^:]+:sts::\d+:assumed-role\/[^/]+)\/.*$/, '$1'),
  };
}
