/** The event stream of InvokeEndpointWithResponseStream (Smithy, "Amazon Event Stream Specification"). */

import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { StreamBreak, type StreamBreakEvent } from './models/model.ts';
import { orAbort, startTimeLimit } from './time-limit.ts';

/**
 * Frames of PayloadPart, each with what the model gave, or a part of it where that was long. A model that breaks off,
 * or is not done after `limitMs`, is reported in band. Any other failure of the model cuts the connection.
 */
export async function* frameStream(
  body: AsyncIterable<Uint8Array>,
  { limitMs, signal, onEnd }: StreamOptions,
): AsyncGenerator<Uint8Array> {
  const limit = startTimeLimit(limitMs, signal);
  const parts = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const part = await orAbort(parts.next(), limit.signal);
      if (part.done) return;
      for (let at = 0; at < part.value.length; at += partBytesMax)
        yield payloadPart(part.value.subarray(at, at + partBytesMax));
    }
  } catch (error) {
    if (limit.isExpired()) yield breakFrame(timeExceeded, 'The model did not finish its response in time.');
    else if (error instanceof StreamBreak) yield breakFrame(error.event, error.message);
    else if (!signal.aborted) throw error;
  } finally {
    limit.end();
    onEnd();
  }
}

export interface StreamOptions {
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** However the stream ended, even when its reader stopped reading: the model need not go on. */
  readonly onEnd: () => void;
}

/** A body that was there at once streams as one part. */
export async function* single(body: Buffer): AsyncGenerator<Uint8Array> {
  yield body;
}

const timeExceeded = { type: 'ModelStreamError', errorCode: 'ModelInvocationTimeExceeded' } as const;

/** Keeps frames small enough to be read as they come. */
const partBytesMax = 128 * 1024;

const codec = new EventStreamCodec(toUtf8, fromUtf8);

function payloadPart(bytes: Uint8Array): Uint8Array {
  return frame(
    { ':message-type': 'event', ':event-type': 'PayloadPart', ':content-type': 'application/octet-stream' },
    bytes,
  );
}

function breakFrame(event: StreamBreakEvent, message: string): Uint8Array {
  const members = event.type === 'ModelStreamError' ? { ErrorCode: event.errorCode } : {};
  return frame(
    { ':message-type': 'exception', ':exception-type': event.type, ':content-type': 'application/json' },
    Buffer.from(JSON.stringify({ Message: message, ...members })),
  );
}

function frame(headers: Readonly<Record<string, string>>, body: Uint8Array): Uint8Array {
  const typed = Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]);
  return codec.encode({ headers: Object.fromEntries(typed), body });
}
