/** The errors of SageMaker Runtime: those its API declares, and those that every AWS service may answer. */

import { AwsFault } from '../aws-fault.ts';

/** Code → HTTP status (SageMaker Runtime API Reference, "InvokeEndpoint", "Errors"; below the blank line, undeclared ones). */
export const runtimeErrors = {
  InternalDependencyException: 530,
  InternalFailure: 500,
  ModelError: 424,
  ModelNotReadyException: 429,
  ServiceUnavailable: 503,
  ValidationError: 400,

  AccessDeniedException: 403,
  ExpiredTokenException: 403,
  ThrottlingException: 400,
} as const;

export type RuntimeErrorCode = keyof typeof runtimeErrors;

export function runtimeFault(code: RuntimeErrorCode, message: string, members = {}): AwsFault {
  return new AwsFault(code, runtimeErrors[code], message, members);
}

/** The container's own failure, in SageMaker's words. Status 0: it never answered. */
export function modelError(
  endpoint: { readonly name: string; readonly accountId: string; readonly region: string },
  status: number,
  message: string,
): AwsFault {
  const { name, accountId, region } = endpoint;
  const isClientError = status >= 400 && status < 500;
  const group = `/aws/sagemaker/Endpoints/${name}`;
  const logs = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logEventViewer:group=${group}`;
  return runtimeFault(
    'ModelError',
    `Received ${isClientError ? 'client' : 'server'} error (${status}) from primary with message "${message}". See ${logs} in account ${accountId} for more information.`,
    {
      ErrorCode: isClientError ? 'CLIENT_ERROR_FROM_MODEL' : 'INTERNAL_FAILURE_FROM_MODEL',
      LogStreamArn: `arn:aws:logs:${region}:${accountId}:log-group:${group}`,
      OriginalMessage: message,
      OriginalStatusCode: status,
    },
  );
}

export const timeoutMessage =
  'Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.';
