/** One API Gateway event through the relay. */

import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { errorAnswer } from './errors.ts';
import type { Departure } from './http.ts';
import type { Invoke, RelayAnswer } from './invocation.ts';
import { refusalOfAny } from './refusals.ts';
import { readRequest } from './request.ts';
import { usageLine } from './usage.ts';

/** Does not reject. */
export async function serveEvent(
  event: APIGatewayProxyEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
  departure: Departure,
  options: {
    readonly invoke: Invoke;
    readonly now: () => number;
    readonly print: (line: string) => void;
  },
): Promise<RelayAnswer> {
  const { invoke, now, print } = options;
  const remainingMs = context.getRemainingTimeInMillis();
  try {
    return await invoke(readRequest(event, { now: now(), remainingMs, departure }));
  } catch (error) {
    const refused = refusalOfAny(error);
    const answer = errorAnswer(refused);
    const usage = {
      mode: 'unknown',
      caller: event.requestContext?.identity?.userArn ?? 'unknown',
      outcome: refused.outcome,
      status: answer.status,
      bytesIn: 0,
      bytesOut: answer.body.length,
      relayMs: 0,
      modelMs: 0,
      attempts: 0,
    };
    return { ...answer, finish: async () => print(usageLine(usage, now())) };
  }
}
