/** The relay: SageMaker's runtime protocol in, under an alias; SageMaker's answer out, as it came. */

import middy from '@middy/core';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type RelayHandler, relayMode, unforeseenAnswer } from '../../lib/relay/lambda-edge.ts';
import { createRelay } from '../../lib/relay/relay.ts';
import { readRequest } from '../../lib/relay/request.ts';
import { lambdaSurroundings } from '../../lib/relay/surroundings.ts';

const surroundings = lambdaSurroundings();
const invoke = createRelay(surroundings);

const relayEvent: RelayHandler = (event, context, departure) => {
  const remainingMs = context.getRemainingTimeInMillis();
  return invoke(() => readRequest(event, { now: surroundings.now(), remainingMs, departure }));
};

export const handler = middy<APIGatewayProxyEvent>(relayEvent as never, {
  // middy's types know an execution mode only by name.
  executionMode: relayMode as unknown as () => void,
  // The relay keeps its own deadlines.
  timeoutEarlyInMillis: 0,
}).onError(function answerUnforeseen(request) {
  request.response = unforeseenAnswer();
});
