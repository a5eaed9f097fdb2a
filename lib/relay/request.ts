/** From API Gateway's proxy event (version 1.0) to what the relay works with. Pure. */

import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Mode } from '../contract/fields.ts';
import { refusal } from './errors.ts';
import type { Departure } from './http.ts';
import { checkBodySize } from './limits.ts';
import {
  forwardedHeaders,
  lowerCased,
  type RouteName,
  routeOf,
  textIn,
  wantsServerSentEvents,
} from './wire.ts';

export interface RelayRequest {
  readonly route: RouteName;
  /** Which permission of the grant it needs. */
  readonly mode: Mode;
  readonly alias: string;
  /** Of an asynchronous result; otherwise empty. */
  readonly inferenceId: string;
  /** What goes on to SageMaker. */
  readonly headers: Readonly<Record<string, string>>;
  readonly wantsServerSentEvents: boolean;
  readonly body: Buffer;
  /** The ARN that signed, session name included. */
  readonly caller: string;
  /** Epoch milliseconds. */
  readonly deadlineAt: number;
  readonly departure: Departure;
}

/** Lambda kills at its deadline; the answer must be on its way before. */
const answerMarginMs = 1_000;

/** Throws Refusal: 400, 403, 404, 413; and whatever an event that is not API Gateway's makes it throw. */
export function readRequest(
  event: APIGatewayProxyEvent,
  more: { readonly now: number; readonly remainingMs: number; readonly departure: Departure },
): RelayRequest {
  const route = routeOf(event.resource);
  if (!route) throw refusal('ResourceNotFoundException', 'The relay has no such route.');
  const caller = textIn(event.requestContext?.identity?.userArn ?? '');
  if (!caller) throw refusal('AccessDeniedException', 'The request was not signed.');
  const alias = aliasIn(event);
  const mode: Mode = route === 'asyncUpload' || route === 'asyncResult' ? 'async' : route;
  const lists = lowerCased(event.multiValueHeaders ?? event.headers ?? {});
  const body = bodyOf(event);
  checkBodySize(body.length, alias);
  return {
    route,
    mode,
    alias,
    inferenceId: decoded(event.pathParameters?.['inferenceId']),
    headers: forwardedHeaders(lists, mode),
    wantsServerSentEvents: route === 'stream' && wantsServerSentEvents(lists),
    body,
    caller,
    deadlineAt: more.now + more.remainingMs - answerMarginMs,
    departure: more.departure,
  };
}

/** In the words of SageMaker's own refusal of a missing endpoint. */
export function unknownAlias(alias: string) {
  return refusal('ValidationError', `Endpoint ${alias} not found: no offer was accepted under this alias.`);
}

function aliasIn(event: APIGatewayProxyEvent): string {
  const alias = event.pathParameters?.['alias'];
  if (typeof alias === 'string' && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(alias)) return alias;
  throw refusal('ValidationError', 'The name in the path is not an alias.');
}

/** API Gateway leaves path parameters percent-encoded. Empty where there is none, or it is not UTF-8. */
function decoded(parameter = ''): string {
  try {
    return decodeURIComponent(parameter);
  } catch {
    return '';
  }
}

function bodyOf({ body, isBase64Encoded }: APIGatewayProxyEvent): Buffer {
  return Buffer.from(textIn(body ?? ''), isBase64Encoded ? 'base64' : 'utf8');
}
