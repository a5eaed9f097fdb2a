/** What every refusal of the parent's API promises: a problem that says what is wrong, and nothing stored or changed. */

import { expect } from 'vitest';
import { type ProblemBody, type ProblemCode, problems } from '../../lib/contract/problems.ts';
import type { Person, TestSandbox } from './sandbox.ts';
import type { Answer } from './signed-fetch.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes go as they are, anything else as JSON. */
  readonly body?: unknown;
  /** The parent unless given. */
  readonly by?: Person;
}

export interface Refusal {
  readonly status: number;
  readonly code: ProblemCode;
  /** The only field that is wrong; several in order; none when absent. */
  readonly pointer?: string | readonly string[];
}

/** Makes the request and holds its answer against all that a refusal promises. */
export async function expectRefusal(
  sandbox: TestSandbox,
  request: Request,
  refusal: Refusal,
): Promise<ProblemBody> {
  const answer = await expectUntouched(sandbox, () => send(sandbox, request));
  return expectProblem(answer, request.path, refusal);
}

export function send(
  sandbox: TestSandbox,
  { method, path, headers = {}, body, by = sandbox.asParent }: Request,
): Promise<Answer> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  return by.send(method, path, {
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
  });
}

/** RFC 9457, member by member. */
export function expectProblem(answer: Answer, path: string, { status, code, pointer }: Refusal): ProblemBody {
  const pointers = pointer === undefined ? [] : [pointer].flat();
  expect([answer.status, answer.json?.['code']]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.json).toEqual({
    type: `urn:sharemaker:problem:${code}`,
    title: problems[code].title,
    status,
    detail: expect.stringMatching(/\S/),
    instance: path.split('?')[0],
    code,
    remedy: problems[code].remedy,
    requestId: answer.headers.get('x-amzn-requestid'),
    ...(pointers.length > 0 && {
      errors: pointers.map((each) => ({ pointer: each, message: expect.stringMatching(/\S/) })),
    }),
  });
  return answer.json as unknown as ProblemBody;
}

/** Nothing was written by anybody: no grant, no role, no policy. */
export async function expectUntouched<T>(sandbox: TestSandbox, act: () => Promise<T>): Promise<T> {
  const callsBefore = sandbox.calls.length;
  const result = await act();
  expect(sandbox.calls.slice(callsBefore).filter(isWrite)).toEqual([]);
  return result;
}

function isWrite({ service, operation }: TestSandbox['calls'][number]): boolean {
  if (service === 'iam') return !/^(Get|List)/.test(operation);
  return service === 'dynamodb' && !/^(Get|BatchGet|Query|Describe)/.test(operation);
}
