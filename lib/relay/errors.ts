/** How the relay says no: in SageMaker's own shape, so that SageMaker's clients understand it. Pure. */

import { bareCode } from './aws-error.ts';
import { headerOf } from './http.ts';

/**
 * Codes the relay itself uses. Status decides what an SDK does next: it repeats 429 and 503, so these are said only
 * where nothing was sent to the model; it would repeat 500, so that is never said; it does not repeat 424 and 530.
 */
const statuses = {
  ValidationError: 400,
  AccessDeniedException: 403,
  ResourceNotFoundException: 404,
  PayloadTooLargeException: 413,
  ModelError: 424,
  ThrottlingException: 429,
  ServiceUnavailable: 503,
  InternalDependencyException: 530,
} as const;

export type RefusalCode = keyof typeof statuses;

/** How the metrics count an error. */
export function outcomeOf(code: string, status: number): string {
  if (code === 'ModelError') return 'model-error';
  if (/^(Throttling|ModelNotReady)/.test(code)) return 'throttled';
  return status >= 500 ? 'failed' : status === 403 ? 'denied' : 'refused';
}

interface More {
  /** How the metrics count it, where the code does not say it. */
  readonly outcome?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** What the relay refuses or could not get. The message goes to the caller; it names no secret and no payload. */
export class Refusal extends Error {
  // Declared only: the constructor sets them.
  declare readonly code: RefusalCode;
  declare readonly headers: Readonly<Record<string, string>>;
  declare readonly outcome: string;

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

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export function errorAnswer({ code, message, headers }: Refusal): JsonAnswer {
  return jsonAnswer(
    statuses[code],
    {
      Message: message,
      ...(code === 'ModelError' && { OriginalStatusCode: 0, OriginalMessage: message }),
    },
    { 'x-amzn-errortype': code, ...headers },
  );
}

export function jsonAnswer(
  status: number,
  fields: object,
  headers: Readonly<Record<string, string>>,
): JsonAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
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
