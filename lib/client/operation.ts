/** One row of the table of operations → one method. */

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Operation, type OperationName, operations } from '../contract/operations.ts';
import { type AnyCode, ClientProblem, parseJson, problemOfAnswer } from './client-problem.ts';
import type { CallOptions } from './methods.ts';
import { type Answer, type Call, type Line, send } from './send.ts';

/** API Gateway's own limit. */
const answerBytesMax = 10 * 1024 * 1024;

type Given = Readonly<Record<string, unknown>>;

/** The method, and for lists an `all` that walks the pages; typed by methods.ts. */
export function createMethod(name: OperationName, line: Line) {
  const operation: Operation = operations[name];
  const method = async (given: Given = {}, options: CallOptions = {}): Promise<unknown> =>
    answered(name, operation, await send(callOf(name, operation, given, options), line));
  if (!('cursor' in operation.query.shape)) return method;
  return Object.assign(method, {
    all: (given?: Given, options?: CallOptions) => items(name, operation, method, given, options),
  });
}

// --- internal ---

/** What travels in headers; everything else that is no part of path or query is the body. */
const headerFields: Readonly<Record<string, string>> = {
  ifMatch: 'if-match',
  idempotencyKey: 'idempotency-key',
};

function callOf(name: OperationName, operation: Operation, given: Given, options: CallOptions): Call {
  const path: Record<string, unknown> = {};
  const query = new URLSearchParams();
  const body: Record<string, unknown> = {};
  const headers: Record<string, string> = {
    accept: 'application/json',
    // Made once for all attempts: the second finds what the first began.
    ...(operation.keyed && { 'idempotency-key': randomUUID() }),
  };
  for (const [field, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const header = Object.hasOwn(headerFields, field) ? headerFields[field] : undefined;
    if (header) headers[header] = String(value);
    else if (Object.hasOwn(operation.params.shape, field)) path[field] = value;
    else if (Object.hasOwn(operation.query.shape, field)) query.set(field, String(value));
    else body[field] = value;
  }
  return {
    operation: name,
    method: operation.method,
    path: filledPath(name, operation, path) + (query.size > 0 ? `?${query}` : ''),
    headers: { ...headers, ...(operation.body && { 'content-type': 'application/json' }) },
    ...(operation.body && { body: JSON.stringify(body) }),
    mayRepeat: operation.method === 'GET' || operation.keyed === true || operation.idempotent === true,
    answerBytesMax,
    ...options,
  };
}

/** The body is the API's to judge; the path is checked here, because an id like `..` would lead elsewhere. */
function filledPath(name: OperationName, operation: Operation, parts: Record<string, unknown>): string {
  const checked = operation.params.safeParse(parts);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw problem(
      name,
      'client.input_invalid',
      `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}`,
    );
  }
  return operation.path.replace(/\{(\w+)\}/g, (_whole, part: string) =>
    encodeURIComponent(String(parts[part])),
  );
}

function answered(name: OperationName, operation: Operation, answer: Answer): unknown {
  const { status, headers, bytes } = answer;
  if (status < 200 || status > 299) throw problemOfAnswer(name, answer);
  if (operation.answer instanceof z.ZodUndefined) return undefined;
  const parsed = operation.answer.safeParse(parseJson(bytes));
  const etag = headers.get('etag');
  const isWhole = parsed.success && (!operation.tagged || etag !== null);
  if (!operation.success.includes(status) || !isWhole) {
    const wrong = parsed.error?.issues.slice(0, 3).map((issue) => `/${issue.path.map(String).join('/')}`);
    const where = wrong ? `, wrong at ${wrong.join(', ')}` : '';
    throw problem(
      name,
      'client.answer_unreadable',
      `The answer (status ${status}) is not that of ${name}${where}.`,
    );
  }
  return operation.tagged ? { ...(parsed.data as object), etag } : parsed.data;
}

async function* items(
  name: OperationName,
  operation: Operation,
  method: (given: Given, options?: CallOptions) => Promise<unknown>,
  given: Given = {},
  options?: CallOptions,
): AsyncGenerator<unknown, void> {
  const shape = (operation.answer as z.ZodObject).shape;
  const list = Object.keys(shape).find((field) => shape[field] instanceof z.ZodArray) ?? 'items';
  let cursor = given['cursor'];
  for (;;) {
    const page = (await method({ ...given, cursor }, options)) as Readonly<Record<string, unknown>>;
    yield* page[list] as readonly unknown[];
    const next = page['nextCursor'];
    if (next === undefined) return;
    if (next === cursor)
      throw problem(name, 'client.answer_unreadable', 'The same page would come again and again.');
    cursor = next;
  }
}

function problem(operation: OperationName, code: AnyCode, detail: string): ClientProblem {
  return new ClientProblem(code, detail, { operation });
}
