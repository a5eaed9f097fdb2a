/** What each protocol answers to a request whose signature does not hold. The codes and statuses are AWS's own. */

import type { AwsError } from '../types.ts';

export type Refusal =
  | 'missing'
  | 'malformed'
  | 'unknownKey'
  | 'badToken'
  | 'expiredToken'
  | 'skewed'
  | 'presignExpired'
  | 'mismatch'
  | 'contentMismatch'
  | 'tooLarge';

/** `message` replaces the table's where a refusal can say more, such as which part of a header is missing. */
export function refusal(kind: Refusal, protocol: Protocol, message?: string): AwsError {
  const [code, status, usual] = refusals[kind][protocol];
  return { code, status, message: message ?? usual };
}

export type Protocol = 'query' | 'json' | 'restJson' | 'apiGateway' | 's3';

export function protocolOf(service: string, headers: Readonly<Record<string, string>>): Protocol {
  // SageMaker's control plane (JSON 1.1) and its runtime (REST JSON) share one signing name.
  if (service === 'sagemaker') return headers['x-amz-target'] === undefined ? 'restJson' : 'json';
  return protocols[service] ?? 'json';
}

const protocols: Readonly<Record<string, Protocol>> = {
  iam: 'query',
  sts: 'query',
  sns: 'query',
  dynamodb: 'json',
  events: 'json',
  'execute-api': 'apiGateway',
  s3: 's3',
};

const messages = {
  missing: 'Missing Authentication Token',
  incomplete: 'The request signature does not conform to AWS standards.',
  invalidToken: 'The security token included in the request is invalid.',
  expiredToken: 'The security token included in the request is expired',
  skewed: 'Signature expired: the time of the request is more than 15 minutes from the time of the service.',
  presignExpired: 'Signature expired: the presigned request is past its X-Amz-Expires.',
  mismatch:
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  tooLarge: 'The request is larger than the sandbox takes.',
};

type Answer = readonly [code: string, status: number, message: string];

/** Only S3 hashes the body apart from the signature; elsewhere a wrong hash is a wrong signature. */
const mismatch: Readonly<Record<Protocol, Answer>> = {
  query: ['SignatureDoesNotMatch', 403, messages.mismatch],
  json: ['InvalidSignatureException', 400, messages.mismatch],
  restJson: ['InvalidSignatureException', 403, messages.mismatch],
  apiGateway: ['InvalidSignatureException', 403, messages.mismatch],
  s3: [
    'SignatureDoesNotMatch',
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
};

const refusals: Readonly<Record<Refusal, Readonly<Record<Protocol, Answer>>>> = {
  missing: {
    query: ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
    json: ['MissingAuthenticationTokenException', 400, messages.missing],
    restJson: ['MissingAuthenticationTokenException', 403, messages.missing],
    apiGateway: ['MissingAuthenticationTokenException', 403, messages.missing],
    s3: ['AccessDenied', 403, 'Access Denied'],
  },
  malformed: {
    query: ['IncompleteSignature', 400, messages.incomplete],
    json: ['IncompleteSignatureException', 400, messages.incomplete],
    restJson: ['IncompleteSignatureException', 403, messages.incomplete],
    apiGateway: ['IncompleteSignatureException', 403, messages.incomplete],
    s3: ['AuthorizationHeaderMalformed', 400, 'The authorization header that you provided is not valid.'],
  },
  unknownKey: {
    query: ['InvalidClientTokenId', 403, messages.invalidToken],
    json: ['UnrecognizedClientException', 400, messages.invalidToken],
    restJson: ['UnrecognizedClientException', 403, messages.invalidToken],
    apiGateway: ['UnrecognizedClientException', 403, messages.invalidToken],
    s3: ['InvalidAccessKeyId', 403, 'The AWS access key ID that you provided does not exist in our records.'],
  },
  badToken: {
    query: ['InvalidClientTokenId', 403, messages.invalidToken],
    json: ['UnrecognizedClientException', 400, messages.invalidToken],
    restJson: ['UnrecognizedClientException', 403, messages.invalidToken],
    apiGateway: ['UnrecognizedClientException', 403, messages.invalidToken],
    s3: ['InvalidToken', 400, 'The provided token is malformed or otherwise not valid.'],
  },
  expiredToken: {
    query: ['ExpiredToken', 403, messages.expiredToken],
    json: ['ExpiredTokenException', 400, messages.expiredToken],
    restJson: ['ExpiredTokenException', 403, messages.expiredToken],
    apiGateway: ['ExpiredTokenException', 403, messages.expiredToken],
    s3: ['ExpiredToken', 400, 'The provided token has expired.'],
  },
  skewed: {
    query: ['SignatureDoesNotMatch', 403, messages.skewed],
    json: ['InvalidSignatureException', 400, messages.skewed],
    restJson: ['InvalidSignatureException', 403, messages.skewed],
    apiGateway: ['InvalidSignatureException', 403, messages.skewed],
    s3: [
      'RequestTimeTooSkewed',
      403,
      'The difference between the request time and the current time is too large.',
    ],
  },
  presignExpired: {
    query: ['RequestExpired', 400, messages.presignExpired],
    json: ['InvalidSignatureException', 400, messages.presignExpired],
    restJson: ['InvalidSignatureException', 403, messages.presignExpired],
    apiGateway: ['InvalidSignatureException', 403, messages.presignExpired],
    s3: ['AccessDenied', 403, 'Request has expired'],
  },
  mismatch,
  contentMismatch: {
    ...mismatch,
    s3: [
      'XAmzContentSHA256Mismatch',
      400,
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ],
  },
  tooLarge: {
    query: ['RequestEntityTooLarge', 413, messages.tooLarge],
    json: ['RequestEntityTooLargeException', 413, messages.tooLarge],
    restJson: ['RequestEntityTooLargeException', 413, messages.tooLarge],
    apiGateway: ['RequestTooLargeException', 413, 'Request Too Long'],
    s3: ['EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed object size.'],
  },
};
