/** From an API Gateway event to what the operation's schemas promise. Pure. */

import type { APIGatewayProxyEvent } from 'aws-lambda';
import { z } from 'zod';
import type { Operation } from '../contract/operations.ts';
import { type FieldError, Problem } from '../contract/problems.ts';
import { wording } from './wording.ts';

export const bodyBytesMax = 65_536;

/** What an operation without a body accepts: nothing, or an empty object. */
const noBody = z.strictObject({});

/** Throws Problem `request.not_json`, `request.too_large` or `request.invalid` (with one entry per wrong field). */
export function parseInput(
  operation: Operation,
  event: APIGatewayProxyEvent,
): { params: unknown; query: unknown; body: unknown } {
  const wrong: FieldError[] = [];
  const body = check(operation.body ?? noBody, jsonBody(event), '/', wrong);
  const parsed = {
    params: check(operation.params, event.pathParameters ?? {}, 'path/', wrong),
    query: check(operation.query, singleValues(event, wrong), 'query/', wrong),
    body: operation.body && body,
  };
  if (wrong.length > 0) throw new Problem('request.invalid', summary(wrong), { errors: wrong });
  return parsed;
}

function check(schema: z.ZodType, value: unknown, prefix: string, wrong: FieldError[]): unknown {
  const result = schema.safeParse(value, { error: wording });
  if (result.success) return result.data;
  // What a value of the wrong type is besides is of no interest.
  for (const error of result.error.issues.flatMap((issue) => fieldErrors(issue, prefix)))
    if (!wrong.some(({ pointer }) => pointer === error.pointer)) wrong.push(error);
  return undefined;
}

function fieldErrors(issue: z.core.$ZodIssue, prefix: string): FieldError[] {
  // RFC 6901: the empty pointer is the whole body, `/` would be its member with the empty name.
  const at = (path: readonly PropertyKey[]) =>
    path.length === 0
      ? prefix.slice(0, -1)
      : prefix + path.map((part) => String(part).replace(/~/g, '~0').replace(/\//g, '~1')).join('/');
  if (issue.code === 'unrecognized_keys')
    return issue.keys
      .slice(0, 20)
      .map((key) => ({ pointer: at([...issue.path, key]), message: 'is not a field of this operation' }));
  return [{ pointer: at(issue.path), message: issue.message }];
}

function singleValues(event: APIGatewayProxyEvent, wrong: FieldError[]): Record<string, string> {
  for (const [name, values] of Object.entries(event.multiValueQueryStringParameters ?? {}))
    if (values && values.length > 1) wrong.push({ pointer: `query/${name}`, message: 'must be given once' });
  return Object.fromEntries(
    Object.entries(event.queryStringParameters ?? {}).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

function jsonBody(event: APIGatewayProxyEvent): unknown {
  const text = event.isBase64Encoded
    ? Buffer.from(event.body ?? '', 'base64').toString('utf8')
    : (event.body ?? '');
  if (Buffer.byteLength(text) > bodyBytesMax)
    throw new Problem('request.too_large', `The body has more than ${bodyBytesMax} bytes.`);
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's own message quotes the body, so it is not passed on.
    throw new Problem('request.not_json', 'The body could not be read as JSON.', {
      evidence: { cause: (cause as Error).name },
    });
  }
}

function summary(wrong: readonly FieldError[]): string {
  const [first] = wrong;
  const more = wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : '';
  return `${first?.pointer || 'The body'} ${first?.message}${more}`;
}
