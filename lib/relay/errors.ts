/** How the relay says no: in SageMaker's own shape, so that SageMaker's clients understand it. Pure. */

import { bareCode } from './aws-error.ts';
import { headerOf } from './http.ts';

/**
 * Codes the relay itself uses. Status decides what an SDK does next: it repeats 429 and 503, so these are said only
 * where the model did not run; it does not repeat 424 and 530.
 */
const statuses = {
  ValidationError: 400,
  AccessDeniedException: 403,
  ResourceNotFoundException: 404,
  PayloadTooLargeException: 413,
  ModelError: 424,
  ThrottlingException: 429,
  InternalFailure: 500,
  ServiceUnavailable: 503,
  InternalDependencyException: 530,
} as const;

export type RefusalCode = keyof typeof statuses;

/** How the metrics count an error, where its status does not say it. */
const outcomes: Readonly<Record<string, string>> = {
  ModelError: 'model-error',
  ModelNotReadyException: 'throttled',
  ThrottlingException: 'throttled',
  Throttling: 'throttled',
};

export function outcomeOf(code: string, status: number): string {
  return outcomes[code] ?? (status >= 500 ? 'failed' : status === 403 ? 'denied' : 'refused');
}

interface More {
  /** How the metrics count it, where the code does not say it. */
  readonly outcome?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** What the relay refuses or could not get. The message goes to the caller; it names no secret and no payload. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly outcome: string;

  constructor(code: RefusalCode, message: string, more: More) {
    super(message, more);
    this.code = code;
    this.headers = more.headers ?? {};
    this.outcome = more.outcome ?? outcomeOf(code, statuses[code]);
  }
}

export function refusal(code: RefusalCode, message: string, more: More = {}): Refusal {
  return new Refusal(code, message, more);
}

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export function errorAnswer(error: Refusal): ErrorAnswer {
  const fields =
    error.code === 'ModelError'
      ? { Message: error.message, OriginalStatusCode: 0, OriginalMessage: error.message }
      : { Message: error.message };
  return {
    status: statuses[error.code],
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code, ...error.headers },
    body: JSON.stringify(fields),
  };
}

/** The code of SageMaker's error answer: from its header, or from its body (AWS restJson1 protocol, "Operation error serialization"). */
export function errorCodeOf(status: number, rawHeaders: readonly string[], body: Buffer): string {
  const header = headerOf(rawHeaders, 'x-amzn-errortype');
  if (header) return bareCode(header);
  const said = /"(?:__type|code)"\s*:\s*"([^"]{1,200})"/.exec(body.toString('latin1', 0, 4_096))?.[1];
  return said ? bareCode(said) : `Status${status}`;
}
