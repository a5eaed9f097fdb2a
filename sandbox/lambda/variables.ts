import type { Stack, StackFunction } from '../stack/stack.ts';
import type { Credentials } from '../types.ts';

/**
 * The environment variables of a function: its own, those that Lambda always sets ("Using Lambda environment
 * variables"), and where the sandbox's AWS is (the SDKs' `AWS_ENDPOINT_URL`, general and by service).
 */
export function environmentVariables(options: {
  readonly entry: StackFunction;
  readonly stack: Stack;
  readonly credentials: Credentials;
  readonly endpointUrl: string;
}): Record<string, string> {
  const { entry, stack, credentials, endpointUrl } = options;
  const endpoints = services.map((service) => [`AWS_ENDPOINT_URL_${service}`, endpointUrl]);
  return {
    ...entry.environment,
    _HANDLER: entry.handler,
    AWS_REGION: stack.region,
    AWS_DEFAULT_REGION: stack.region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: entry.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(entry.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${entry.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'sandbox',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken!,
    AWS_ENDPOINT_URL: endpointUrl,
    ...Object.fromEntries(endpoints),
    LAMBDA_TASK_ROOT: '/var/task',
    TZ: ':UTC',
  };
}

const services = ['DYNAMODB', 'EVENTBRIDGE', 'IAM', 'S3', 'SAGEMAKER', 'SAGEMAKER_RUNTIME', 'SNS', 'STS'];
