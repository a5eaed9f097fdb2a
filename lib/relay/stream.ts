/** Carries a response stream from SageMaker to the caller: frame by frame, with backpressure, and to an honest end. */

import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { brokenStreamFrame, createFrameCutter, FrameError, framesIn, headersIn } from './event-stream.ts';
import type { Departure } from './http.ts';

/** What the caller is to see of SageMaker's frames. */
export interface Framing {
  /** Whole frames in, bytes out; `failure` names the exception that was among them. */
  pass(frames: Buffer): { readonly bytes: Buffer; readonly failure?: string };
  /** The last bytes of a stream that broke. */
  broken(errorCode: 'StreamBroken' | 'ModelInvocationTimeExceeded', message: string): Buffer;
  /** The last bytes of a stream that ended well. */
  end(): Buffer | undefined;
}

/** SageMaker's own frames, untouched. */
export const nativeFraming: Framing = {
  pass(bytes) {
    let failure: string | undefined;
    for (const frame of framesIn(bytes)) {
      const headers = headersIn(frame);
      if (headers[':message-type'] !== 'event')
        failure = headers[':exception-type'] ?? headers[':error-code'] ?? 'InternalStreamFailure';
    }
    return { bytes, ...(failure !== undefined && { failure }) };
  },
  broken: brokenStreamFrame,
  end: () => undefined,
};

export interface StreamResult {
  readonly outcome: 'ok' | 'model-error' | 'stream-broken' | 'timeout' | 'client-left';
  readonly bytesOut: number;
}

/** Resolves when the last byte was handed over; the writable is left open. Never rejects. */
export function carryStream(options: {
  readonly stream: IncomingMessage;
  readonly out: Writable;
  readonly framing: Framing;
  readonly timeoutMs: number;
  readonly departure: Departure;
}): Promise<StreamResult> {
  const { stream, out, framing, departure } = options;
  const cutter = createFrameCutter();
  let bytesOut = 0;
  let failure: string | undefined;

  const write = (bytes: Buffer | undefined): boolean => {
    if (!bytes || bytes.length === 0) return true;
    bytesOut += bytes.length;
    return out.write(bytes);
  };

  return new Promise((resolve) => {
    let isOver = false;
    const finish = (outcome: StreamResult['outcome']) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      departure.onGone = undefined;
      out.removeListener('drain', resume);
      // Whatever is still coming would be computed for nobody.
      if (outcome !== 'ok') stream.destroy();
      resolve({ outcome, bytesOut });
    };
    const breakOff = (outcome: 'stream-broken' | 'timeout') => {
      if (isOver) return;
      write(
        outcome === 'timeout'
          ? framing.broken('ModelInvocationTimeExceeded', 'The stream lasted longer than the relay may wait.')
          : framing.broken('StreamBroken', 'The stream from the endpoint broke before its end.'),
      );
      finish(outcome);
    };
    const resume = () => stream.resume();
    const timer = setTimeout(() => breakOff('timeout'), options.timeoutMs);
    departure.onGone = () => finish('client-left');
    out.on('drain', resume);

    stream.on('data', (chunk: Buffer) => {
      if (isOver) return;
      try {
        const frames = cutter.push(chunk);
        if (!frames) return;
        const passed = framing.pass(frames);
        failure = passed.failure ?? failure;
        if (!write(passed.bytes)) stream.pause();
      } catch (error) {
        if (!(error instanceof FrameError || error instanceof RangeError)) throw error;
        breakOff('stream-broken');
      }
    });
    stream.on('end', () => {
      if (failure !== undefined) finish('model-error');
      else if (cutter.pendingBytes() > 0) breakOff('stream-broken');
      else {
        write(framing.end());
        finish('ok');
      }
    });
    stream.on('error', () => breakOff('stream-broken'));
    stream.on('close', () => breakOff('stream-broken'));
    if (departure.isGone) finish('client-left');
  });
}
