import { NetworkFault } from '../front/network-fault.ts';
import type { Stack } from '../stack/stack.ts';
import type { ServiceResponse } from '../types.ts';
import { gatewayError } from './gateway-error.ts';

type OwnResponses = Stack['gatewayResponses'];

/** Lambda: a response, JSON and base64 included, is at most 6 MB, and a bit for what wraps it. */
const payloadMaxBytes = 6 * 1024 * 1024 + 100;

/** API Gateway: "the delimiter must be within the first 16 KB". */
const preludeMaxBytes = 16 * 1024;
const delimiter = Buffer.alloc(8);

/**
 * What the client sees of a buffered function's JSON ("Output format of a Lambda function for proxy integration").
 * Whatever is not exactly of that shape is answered 502, as API Gateway does.
 */
export function bufferedResponse(payload: string, requestId: string, own?: OwnResponses): ServiceResponse {
  if (Buffer.byteLength(payload) > payloadMaxBytes) return gatewayError('badGateway', requestId, own);
  const answer = parseJson(payload);
  if (!isAnswer(answer, answerFields)) return gatewayError('badGateway', requestId, own);
  const { statusCode, body = '', isBase64Encoded = false } = answer;
  if (typeof body !== 'string' && body !== null) return gatewayError('badGateway', requestId, own);
  return {
    status: Number(statusCode),
    headers: responseHeaders(answer, requestId),
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}

/**
 * What the client sees of a streaming function ("Set up a Lambda proxy integration with payload response streaming"):
 * metadata as JSON, eight NUL bytes, then the body, passed on as it comes.
 */
export async function streamedResponse(
  chunks: AsyncIterable<Uint8Array>,
  requestId: string,
  own?: OwnResponses,
): Promise<ServiceResponse> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let end = -1;
  while (end < 0 && head.length <= preludeMaxBytes) {
    const { done, value } = await iterator.next();
    if (done) break;
    head = Buffer.concat([head, value]);
    end = head.indexOf(delimiter);
  }
  const answer = end >= 0 && end <= preludeMaxBytes ? parseJson(head.toString('utf8', 0, end)) : undefined;
  if (!isAnswer(answer, preludeFields)) {
    await iterator.return?.();
    return gatewayError('malformedStream', requestId, own);
  }
  return {
    status: Number(answer.statusCode ?? 200),
    headers: responseHeaders(answer, requestId),
    body: rest(head.subarray(end + delimiter.length), iterator),
  };
}

async function* rest(first: Buffer, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } catch {
    // The status is long sent; all that is left is to cut the connection.
    throw new NetworkFault('cut');
  } finally {
    await iterator.return?.();
  }
}

interface Answer {
  readonly statusCode?: number | string;
  readonly headers?: Readonly<Record<string, string | number | boolean>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly (string | number | boolean)[]>> | null;
  readonly cookies?: readonly string[];
  readonly body?: unknown;
  readonly isBase64Encoded?: boolean;
}

const answerFields = new Set(['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded']);
const preludeFields = new Set(['statusCode', 'headers', 'multiValueHeaders', 'cookies']);

function isAnswer(value: unknown, fields: ReadonlySet<string>): value is Answer {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  const { statusCode, headers, multiValueHeaders } = value as Answer;
  const isStatus = fields === preludeFields && statusCode === undefined ? true : isHttpStatus(statusCode);
  const areHeaders = Object.values(headers ?? {}).every(isScalar);
  const areLists = Object.values(multiValueHeaders ?? {}).every(
    (list) => Array.isArray(list) && list.every(isScalar),
  );
  return isStatus && areHeaders && areLists && Object.keys(value).every((field) => fields.has(field));
}

function isHttpStatus(status: unknown): boolean {
  return Number.isInteger(Number(status)) && Number(status) >= 100 && Number(status) <= 599;
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** Renamed on their way out, because the hop to the client has its own ("Important notes for API Gateway", REST). */
const remapped = new Set([
  'connection',
  'content-length',
  'date',
  'server',
  'www-authenticate',
  'x-amzn-requestid',
]);

function responseHeaders(answer: Answer, requestId: string): Record<string, string> {
  const lists = Object.entries(answer.multiValueHeaders ?? {}).map(
    ([name, values]) => [name, values.join(', ')] as const,
  );
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-amzn-requestid': requestId,
    'x-amz-apigw-id': requestId,
  };
  for (const [name, value] of [...Object.entries(answer.headers ?? {}), ...lists]) {
    const lower = name.toLowerCase();
    if (lower === 'transfer-encoding') continue;
    headers[remapped.has(lower) ? `x-amzn-remapped-${lower}` : lower] = String(value);
  }
  if (answer.cookies) headers['set-cookie'] = answer.cookies.join(', ');
  return headers;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
