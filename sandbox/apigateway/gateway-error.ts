import type { Stack } from '../stack/stack.ts';
import type { ServiceResponse } from '../types.ts';

/** What API Gateway answers by itself ("Gateway response types for API Gateway"). */
const gatewayErrors = {
  unknownRoute: {
    status: 403,
    type: 'MissingAuthenticationTokenException',
    message: 'Missing Authentication Token',
  },
  requestTooLarge: { status: 413, type: 'RequestTooLargeException', message: 'Request Too Long' },
  malformedStream: { status: 500, type: 'InternalServerErrorException', message: 'Internal server error' },
  badGateway: { status: 502, type: 'InternalServerErrorException', message: 'Internal server error' },
  integrationTimeout: {
    status: 504,
    type: 'InternalServerErrorException',
    message: 'Endpoint request timed out',
  },
} as const;

export function gatewayError(kind: keyof typeof gatewayErrors, requestId: string): ServiceResponse {
  const { status, type, message } = gatewayErrors[kind];
  return errorResponse(status, type, JSON.stringify({ message }), requestId);
}

/** A body that API Gateway or Lambda cannot take, in the words of the API's own gateway response where it has one. */
export function tooLarge({ gatewayResponses }: Stack, requestId: string): ServiceResponse {
  const { headers, ...standard } = gatewayError('requestTooLarge', requestId);
  const own = gatewayResponses['REQUEST_TOO_LARGE'];
  return own ? { ...own, headers: { ...headers, ...own.headers } } : { ...standard, headers };
}

export function errorResponse(
  status: number,
  type: string,
  body: string,
  requestId: string,
): ServiceResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': type, 'x-amzn-requestid': requestId },
    body,
  };
}
