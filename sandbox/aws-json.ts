/** What services answer that speak JSON: awsJson1_0, awsJson1_1, restJson1 (Smithy, "AWS protocols"). */

import { AwsFault } from './aws-fault.ts';
import type { AwsError, ServiceResponse } from './types.ts';

export function jsonAnswer(
  status: number,
  body: unknown,
  requestId: string,
  contentType: JsonContentType = 'application/x-amz-json-1.1',
): ServiceResponse {
  return {
    status,
    headers: { 'content-type': contentType, 'x-amzn-requestid': requestId },
    body: JSON.stringify(body),
  };
}

/** The code stands in the body and in a header, so that clients of any of the protocols find it. */
export function jsonError(
  error: AwsError,
  requestId: string,
  contentType: JsonContentType = 'application/x-amz-json-1.1',
): ServiceResponse {
  const members = error instanceof AwsFault ? error.members : {};
  const answer = jsonAnswer(
    error.status,
    { __type: error.code, Message: error.message, message: error.message, ...members },
    requestId,
    contentType,
  );
  return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': error.code } };
}

/** restJson1: the code in the header, the body as the API declares the error. */
export function restJsonError(error: AwsError, requestId: string): ServiceResponse {
  const members = error instanceof AwsFault ? error.members : {};
  const answer = jsonAnswer(
    error.status,
    { Message: error.message, ...members },
    requestId,
    'application/json',
  );
  return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': error.code } };
}

/** The body of a JSON call. @throws AwsFault SerializationException */
export function parseJsonBody(body: Buffer): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsFault('SerializationException', 400, 'The request body is not JSON.');
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Readonly<Record<string, unknown>>;
  throw new AwsFault('SerializationException', 400, 'The request body is not a JSON object.');
}

/** `SageMaker.DescribeEndpoint` → `DescribeEndpoint`, when the prefix is the service's own. */
export function jsonTarget(headers: Readonly<Record<string, string>>, prefix: string): string | undefined {
  const [service, operation] = (headers['x-amz-target'] ?? '').split('.');
  return service === prefix ? operation : undefined;
}

export type JsonContentType =
  | 'application/x-amz-json-1.0'
  | 'application/x-amz-json-1.1'
  | 'application/json';
