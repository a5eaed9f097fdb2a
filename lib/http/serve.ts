/** The edge of every HTTP operation but the relay's: an API Gateway event in, a parsed request to the handler, JSON or a problem out. */

import { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';
import { executionModeStandard } from '@middy/core/Standard';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { type Input, type OperationName, operations } from '../contract/operations.ts';
import { callerOf, type HttpCaller } from './caller.ts';
import { problemAnswer } from './problem-answer.ts';
import { parseInput } from './request.ts';

export interface HttpRequest<Name extends OperationName> {
  readonly input: Input<Name>;
  readonly caller: HttpCaller;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The URL that was called, without its query. */
  readonly url: string;
  /** Epoch milliseconds by which the answer must be on its way. */
  readonly deadlineAt: number;
  readonly log: Log;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;

/** API Gateway gives up after 29 s; the answer needs a moment of its own. */
const answerWithinMs = 27_000;
const answerMarginMs = 1_500;

export function serve<Name extends OperationName>(
  name: Name,
  handle: (request: HttpRequest<Name>) => Promise<HttpAnswer>,
) {
  const log = new Logger({ serviceName: `sharemaker.${name}` });

  const answerRequest = async (
    event: APIGatewayProxyEvent,
    context: Context,
  ): Promise<APIGatewayProxyResult> => {
    const caller = callerOf(event);
    const answer = await handle({
      input: parseInput(operations[name], event) as Input<Name>,
      caller,
      headers: lowerCaseNames(event.headers),
      url: urlOf(event),
      deadlineAt: Date.now() + Math.min(answerWithinMs, context.getRemainingTimeInMillis() - answerMarginMs),
      log,
    });
    log.info('answered', { status: answer.status, caller: caller.arn });
    return jsonAnswer(answer);
  };

  return middy<APIGatewayProxyEvent, APIGatewayProxyResult>({ executionMode: executionModeStandard })
    .before(function attachRequestId({ event }) {
      log.resetKeys();
      log.appendKeys({ requestId: event.requestContext?.requestId });
    })
    .onError(function answerProblem(request) {
      request.response = problemAnswer(request.error, request.event, log);
    })
    .handler(answerRequest);
}

function jsonAnswer({ status, body, headers }: HttpAnswer): APIGatewayProxyResult {
  return {
    statusCode: status,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      'cache-control': 'no-store',
      ...headers,
    },
    body: body === undefined ? '' : JSON.stringify(body),
  };
}

function lowerCaseNames(headers: APIGatewayProxyEvent['headers'] | null): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), value]],
    ),
  );
}

function urlOf(event: APIGatewayProxyEvent): string {
  // A header: whatever else it says is not believed.
  const scheme = lowerCaseNames(event.headers)['x-forwarded-proto'] === 'http' ? 'http' : 'https';
  return `${scheme}://${event.requestContext.domainName}${event.requestContext.path}`;
}
