/** What went wrong, said twice: a problem for the caller, the evidence for the log. */

import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { Problem, type ProblemCode, problemBody, problems } from '../contract/problems.ts';
import type { Log } from './serve.ts';

export function problemAnswer(error: unknown, event: APIGatewayProxyEvent, log: Log): APIGatewayProxyResult {
  const problem = error instanceof Problem ? error : problemOf(error);
  const { status } = problems[problem.code];
  const requestId = event.requestContext?.requestId ?? 'unknown';
  const entry = { code: problem.code, status, detail: problem.detail, ...problem.evidence };
  if (status >= 500) log.error('failed', { ...entry, cause: describe(problem.cause) });
  else log.info('refused', entry);
  return {
    statusCode: status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: JSON.stringify(problemBody(problem, { path: event.path ?? '/', requestId })),
  };
}

/** AWS error names that mean "later", over all services we call. */
const throttles = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestLimitExceeded',
  'ProvisionedThroughputExceededException',
  'TooManyRequestsException',
]);

function problemOf(error: unknown): Problem {
  const name = error instanceof Error ? error.name : 'unknown';
  const isFromAws = typeof error === 'object' && error !== null && '$metadata' in error;
  const code: ProblemCode = throttles.has(name)
    ? 'upstream.throttled'
    : isFromAws
      ? 'upstream.failed'
      : 'internal.failed';
  const detail = isFromAws ? `AWS answered ${name}.` : 'Something went wrong inside Sharemaker.';
  return new Problem(code, detail, { cause: error });
}

/** Names and places only: an SDK error's message, which may take several lines, may quote a policy with its external id. */
function describe(cause: unknown): unknown {
  if (!(cause instanceof Error)) return undefined;
  const places = (cause.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return { name: cause.name, at: places.slice(0, 5).map((line) => line.trim()) };
}
