/** Every way in which a call can fail, as one error. */

import { z } from 'zod';
import { type FieldError, type ProblemCode, type ProblemKind, problems } from '../contract/problems.ts';

/** What goes wrong before the API's own code has a say, or after it: beside the codes of lib/contract/problems.ts. */
export const clientProblems = {
  'client.input_invalid': {
    title: 'A part of the path is not usable',
    remedy: 'Give the id or alias as an earlier answer gave it; nothing was sent.',
  },
  'client.unreachable': {
    title: 'The API could not be reached',
    remedy: 'Check its address and the network; whether the request arrived is not known.',
  },
  'client.timeout': {
    title: 'The API did not answer in time',
    remedy: 'Look at what has changed before you repeat it; the request may have been carried out.',
  },
  'client.answer_too_large': {
    title: 'The answer is too large',
    remedy: 'Ask for smaller pages.',
  },
  'client.answer_unreadable': {
    title: 'The answer is not what the operation answers with',
    remedy: 'Check that the address is that of the right API, and that client and API are of one version.',
  },
  'gateway.refused': {
    title: 'API Gateway refused the request',
    remedy: "Check the keys, and that the caller's policies allow execute-api:Invoke on this route.",
  },
  'gateway.throttled': { title: 'API Gateway is throttling', remedy: 'Repeat after a moment.' },
  'gateway.failed': {
    title: 'API Gateway got no answer from the function',
    remedy: 'Look at what has changed before you repeat it; the request may have been carried out.',
  },
} as const satisfies Record<string, Omit<ProblemKind, 'status'>>;

export type ClientProblemCode = keyof typeof clientProblems;

/** A newer API, or SageMaker through the relay, may answer with codes that this client does not know. */
export type AnyCode = ProblemCode | ClientProblemCode | (string & Record<never, never>);

export class ClientProblem extends Error {
  readonly code: AnyCode;
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  /** One sentence about this very request. */
  readonly detail: string;
  /** What to do next, as the API says it; as this client knows it, where no API answered. */
  readonly remedy: string | undefined;
  /** For `request.invalid`: which fields, and what is allowed. */
  readonly errors: readonly FieldError[];
  readonly requestId: string | undefined;

  constructor(
    code: AnyCode,
    detail: string,
    more: {
      readonly operation: string;
      readonly status?: number;
      readonly remedy?: string | undefined;
      readonly errors?: readonly FieldError[];
      readonly requestId?: string | undefined;
      readonly cause?: unknown;
    },
  ) {
    const remedy = more.remedy ?? remedyOf(code);
    super(
      sentence(code, detail, { ...more, remedy }),
      more.cause === undefined ? undefined : { cause: more.cause },
    );
    this.name = 'ClientProblem';
    this.code = code;
    this.detail = detail;
    this.remedy = remedy;
    this.status = more.status ?? 0;
    this.errors = more.errors ?? [];
    this.requestId = more.requestId;
  }
}

const text = (lengthMax: number) => z.string().transform((value) => value.slice(0, lengthMax));
const problemAnswer = z.object({
  code: text(100),
  detail: text(2_000),
  remedy: text(1_000).optional(),
  requestId: text(100).optional(),
  errors: z
    .array(z.object({ pointer: text(200), message: text(500) }))
    .max(100)
    .default([]),
});
/** API Gateway's own refusals, and SageMaker's, spell it either way. */
const awsAnswer = z.union([
  z.object({ message: text(2_000) }).transform(({ message }) => message),
  z.object({ Message: text(2_000) }).transform(({ Message }) => Message),
]);

export interface FailedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Any answer that is no success. */
export function problemOfAnswer(operation: string, { status, headers, bytes }: FailedAnswer): ClientProblem {
  const body = parseJson(bytes);
  const requestId = headers.get('x-amzn-requestid') ?? headers.get('x-amz-apigw-id') ?? undefined;
  const problem = problemAnswer.safeParse(body);
  if (problem.success) {
    const { code, detail, remedy, errors } = problem.data;
    return new ClientProblem(code, detail, {
      operation,
      status,
      remedy,
      errors,
      requestId: problem.data.requestId ?? requestId,
    });
  }
  const detail = awsAnswer.safeParse(body).data ?? `The API answered with status ${status}.`;
  // SageMaker's error type as the relay passes it on: `ModelError`, or `ModelError:http://…`.
  const errorType = headers.get('x-amzn-errortype')?.split(':')[0]?.slice(0, 100);
  const isOfSageMaker = operation === 'invoke' && errorType !== undefined && errorType !== '';
  const code = isOfSageMaker ? errorType : gatewayCode(status);
  return new ClientProblem(code, detail, { operation, status, requestId });
}

export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

// --- internal ---

function gatewayCode(status: number): ClientProblemCode {
  if (status === 429) return 'gateway.throttled';
  return status >= 500 ? 'gateway.failed' : 'gateway.refused';
}

/** Undefined for codes that this client does not know. */
function remedyOf(code: AnyCode): string | undefined {
  const known: Readonly<Record<string, { readonly remedy: string }>> = { ...problems, ...clientProblems };
  return Object.hasOwn(known, code) ? known[code]?.remedy : undefined;
}

/** The detail, what to do, and where to look; a line for each wrong field when there are several. */
function sentence(
  code: AnyCode,
  detail: string,
  more: {
    readonly operation: string;
    readonly remedy: string | undefined;
    readonly errors?: readonly FieldError[];
    readonly requestId?: string | undefined;
  },
): string {
  const errors = more.errors ?? [];
  const where = more.requestId === undefined ? code : `${code}, request ${more.requestId}`;
  // The fields say by themselves what to do.
  const remedy = errors.length > 0 ? undefined : more.remedy;
  const lines = errors.length > 1 ? errors.map(({ pointer, message }) => `\n  ${pointer} ${message}`) : [];
  return `${more.operation}: ${[ended(detail), remedy].filter(Boolean).join(' ')} (${where})${lines.join('')}`;
}

function ended(detail: string): string {
  return /[.!?]$/.test(detail) ? detail : `${detail}.`;
}
