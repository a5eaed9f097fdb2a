/**
 * How middy runs the relay: as a streaming Lambda whose answer we write ourselves. Middy's own streaming mode takes
 * strings and streams; the relay has bytes, which one write hands over, and must hear of a caller that leaves.
 */

import type { Writable } from 'node:stream';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import type { Answer } from './delivery.ts';
import { errorAnswer } from './errors.ts';
import { keepGarbageYoung } from './heap.ts';
import type { Departure } from './http.ts';
import type { RelayAnswer } from './invocation.ts';
import { refusalOfAny } from './refusals.ts';
import { requestBegins, requestEnds, together } from './turn.ts';

export type RelayHandler = (
  event: APIGatewayProxyEvent,
  context: Context,
  departure: Departure,
) => Promise<RelayAnswer>;

/** What nobody foresaw is not counted either. */
type Answered = Answer & Partial<RelayAnswer>;

/** What middy gives an execution mode, as far as it is used here. */
interface Middy {
  readonly middyRequest: (event: APIGatewayProxyEvent, context: Context) => object;
  readonly runRequest: (
    request: object,
    before: readonly unknown[],
    handler: (event: APIGatewayProxyEvent, context: Context) => Promise<RelayAnswer>,
    after: readonly unknown[],
    onError: readonly unknown[],
    plugin: object,
  ) => Promise<Answered>;
}

export function relayMode(
  { middyRequest, runRequest }: Middy,
  before: readonly unknown[],
  handler: RelayHandler,
  after: readonly unknown[],
  onError: readonly unknown[],
  plugin: object,
) {
  return awslambda.streamifyResponse<APIGatewayProxyEvent>(async (event, out, context) => {
    requestBegins();
    const departure = departureOf(out);
    const answer = await runRequest(
      middyRequest(event, context),
      before,
      (event, context) => handler(event, context, departure),
      after,
      onError,
      plugin,
    );
    await new Promise<void>(together);
    try {
      await write(answer, out);
    } finally {
      requestEnds();
      await answer.finish?.();
      keepGarbageYoung();
    }
  });
}

/** The last guard: what nobody foresaw still gets an answer of the right shape. */
export function unforeseenAnswer(): Answered {
  return errorAnswer(refusalOfAny(undefined));
}

function departureOf(out: Writable): Departure {
  const departure: Departure = { isGone: false, onGone: undefined };
  const leave = () => {
    if (departure.isGone || out.writableFinished) return;
    departure.isGone = true;
    departure.onGone?.();
  };
  out.on('close', leave);
  out.on('error', leave);
  return departure;
}

async function write({ status, headers, body, release }: Answered, raw: Writable): Promise<void> {
  const out = awslambda.HttpResponseStream.from(raw, { statusCode: status, headers });
  if (typeof body === 'function') await body(out);
  else out.write(body);
  await release?.();
  await ended(out);
}

/** Resolves once everything is handed over, or nobody takes it any more. */
function ended(out: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (out.destroyed) return resolve();
    out.once('close', resolve);
    out.end(resolve);
  });
}
