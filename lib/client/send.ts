/** One HTTP call: signed, bounded in time and size, repeated where a repetition does no harm. */

import { ClientProblem } from './client-problem.ts';
import { isWorthRepeating, pauseMs } from './repetition.ts';
import { type CredentialSource, signedHeaders } from './sign.ts';

/** What all calls of one client share. */
export interface Line {
  /** Without a trailing slash. */
  readonly apiUrl: string;
  readonly region: string;
  readonly credentials: CredentialSource;
  readonly fetch: typeof fetch;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
  readonly timeoutMs: number;
  readonly attemptsMax: number;
}

export interface Call {
  /** As the table names it; for messages. */
  readonly operation: string;
  readonly method: string;
  /** Percent-encoded, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Sent twice, it does no more than sent once. */
  readonly mayRepeat: boolean;
  readonly answerBytesMax: number;
  readonly attemptsMax?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Answers whatever came, success or not. Throws ClientProblem `client.*`, what the credential source throws, or the
 * reason of the caller's signal.
 */
export async function send(call: Call, line: Line): Promise<Answer> {
  const attemptsMax = call.attemptsMax ?? line.attemptsMax;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await tryOnce(call, line);
    const isLast = attempt >= attemptsMax || !isWorthRepeating(outcome, call.mayRepeat);
    if (isLast && outcome instanceof ClientProblem) throw outcome;
    if (isLast) return outcome as Answer;
    await line.wait(pauseMs(attempt, line.random()));
    call.signal?.throwIfAborted();
  }
}

// --- internal ---

async function tryOnce(call: Call, line: Line): Promise<Answer | ClientProblem> {
  const { operation, method, body, signal } = call;
  signal?.throwIfAborted();
  const url = new URL(line.apiUrl + call.path);
  const { credentials, region } = line;
  const headers = await signedHeaders({ ...call, url }, { credentials, region, now: line.now() });
  const timeoutMs = call.timeoutMs ?? line.timeoutMs;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await line.fetch(url, {
      method,
      headers,
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> | string }),
      // A signature is good for one address only, and the keys' owner chose that one.
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const bytes = await readAtMost(call.answerBytesMax, response);
    if (bytes === undefined)
      return new ClientProblem(
        'client.answer_too_large',
        `The answer has more than ${call.answerBytesMax} bytes.`,
        { operation, status: response.status },
      );
    return { status: response.status, headers: response.headers, bytes };
  } catch (cause) {
    signal?.throwIfAborted();
    if (timeout.aborted)
      return new ClientProblem('client.timeout', `There was no answer within ${timeoutMs / 1000} seconds.`, {
        operation,
        cause,
      });
    const reason = reasonOf(cause);
    return new ClientProblem('client.unreachable', `${url.origin} could not be reached${reason}.`, {
      operation,
      cause,
    });
  }
}

/** Undefined when there is more. */
async function readAtMost(
  bytesMax: number,
  response: Response,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (length > bytesMax) return undefined;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** Node's code, such as ECONNREFUSED, hides in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? ` (${code})` : '';
}
