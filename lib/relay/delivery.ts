/** How an answer reaches the caller: at once, or as it comes. */

import type { Writable } from 'node:stream';
import type { Incoming } from './connection.ts';
import { HttpFailure } from './http.ts';
import type { Passage } from './passage.ts';
import type { RelayRequest } from './request.ts';
import type { RuntimeAnswer } from './runtime.ts';
import { serverSentEvents } from './sse.ts';
import { carryStream, type Framing, nativeFraming, plainBytes } from './stream.ts';
import { answeredHeaders } from './wire.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Bytes, or a function that writes them as they come and leaves the writable open. It rejects when they are not whole
   * and only a cut connection can tell.
   */
  readonly body: Uint8Array | string | ((out: Writable) => Promise<void>);
}

/** SageMaker's answer as it came. */
export function relayed(
  answer: RuntimeAnswer,
  passage: Passage,
  request: RelayRequest,
  now: () => number,
): Answer {
  const { status } = answer;
  const headers = answeredHeaders(answer.rawHeaders);
  if (answer.kind !== 'stream') return { status, headers, body: answer.body };
  let framing: Framing;
  if (request.wantsServerSentEvents) {
    framing = serverSentEvents(headers['x-amzn-sagemaker-content-type']);
    headers['content-type'] = 'text/event-stream';
    headers['cache-control'] = 'no-store';
  } else framing = nativeFraming();
  return { status, headers, body: carried(answer.stream, passage, request, now, framing) };
}

/** Writes what is still to be read, and notes in the passage what became of it. */
export function carried(
  stream: Incoming,
  passage: Passage,
  { deadlineAt, departure }: RelayRequest,
  now: () => number,
  framing = plainBytes,
) {
  return async (out: Writable): Promise<void> => {
    const timeoutMs = Math.max(1, deadlineAt - now());
    const result = await carryStream({ stream, out, framing, timeoutMs, departure });
    Object.assign(passage, result);
    if (framing === plainBytes && result.outcome !== 'ok') throw new HttpFailure('broken');
  };
}
