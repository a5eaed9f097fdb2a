import type { Stack } from '../stack/stack.ts';
import type { ServiceResponse } from '../types.ts';

/** What API Gateway answers by itself ("Gateway response types for API Gateway"). */
const gatewayErrors = {
  unknownRoute: {
    responseType: 'MISSING_AUTHENTICATION_TOKEN',
    status: 403,
    type: 'MissingAuthenticationTokenException',
    message: 'Missing Authentication Token',
  },
  requestTooLarge: {
    responseType: 'REQUEST_TOO_LARGE',
    status: 413,
    type: 'RequestTooLargeException',
    message: 'Request Too Long',
  },
  malformedStream: {
    responseType: 'INTEGRATION_FAILURE',
    status: 500,
    type: 'InternalServerErrorException',
    message: 'Internal server error',
  },
  badGateway: {
    responseType: 'INTEGRATION_FAILURE',
    status: 502,
    type: 'InternalServerErrorException',
    message: 'Internal server error',
  },
  integrationTimeout: {
    responseType: 'INTEGRATION_TIMEOUT',
    status: 504,
    type: 'InternalServerErrorException',
    message: 'Endpoint request timed out',
  },
} as const;

/** In the words of the API's own gateway response, where it has one for this or for all of its kind. */
export function gatewayError(
  kind: keyof typeof gatewayErrors,
  requestId: string,
  ownResponses: Stack['gatewayResponses'] = {},
): ServiceResponse {
  const { responseType, status, type, message } = gatewayErrors[kind];
  const standard = errorResponse(status, type, JSON.stringify({ message }), requestId);
  const own = ownResponses[responseType] ?? ownResponses[status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX'];
  return own ? { ...own, headers: { ...standard.headers, ...own.headers } } : standard;
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
