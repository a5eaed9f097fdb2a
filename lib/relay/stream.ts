/** Carries what is still being sent to the caller: as it comes, with backpressure, and to an honest end. */

import type { Writable } from 'node:stream';
import type { Incoming } from './connection.ts';
import {
  brokenStreamFrame,
  createFrameCutter,
  FrameError,
  framesIn,
  headersIn,
  type StreamErrorCode,
} from './event-stream.ts';
import type { Departure } from './http.ts';
import { silenceMsMax } from './limits.ts';

/** What the caller is to see of the bytes that come. */
export interface Framing {
  /** Bytes out, for these bytes in; `failure` names the exception that was among them. Throws FrameError. */
  pass(chunk: Buffer): { readonly bytes: Buffer; readonly failure?: string | undefined };
  /** The last bytes of a stream that broke; none where the caller can be told only by cutting the connection. */
  broken(errorCode: StreamErrorCode, message: string): Buffer | undefined;
  /** The last bytes of a stream that ended well. Throws FrameError when it did not. */
  end(): Buffer | undefined;
}

/** SageMaker's own frames, untouched. */
export function nativeFraming(): Framing {
  const cutter = createFrameCutter();
  return {
    pass(chunk) {
      const bytes = cutter.push(chunk);
      let failure: string | undefined;
      for (const frame of framesIn(bytes)) failure = failureIn(headersIn(frame)) ?? failure;
      return { bytes, failure };
    },
    broken: brokenStreamFrame,
    end() {
      cutter.end();
      return undefined;
    },
  };
}

/** Bytes of no format. */
export const plainBytes: Framing = {
  pass: (bytes) => ({ bytes }),
  broken: () => undefined,
  end: () => undefined,
};

/** The name of the exception that a frame is. */
export function failureIn(headers: Readonly<Record<string, string>>): string | undefined {
  return headers[':message-type'] === 'event'
    ? undefined
    : (headers[':exception-type'] ?? headers[':error-code'] ?? 'InternalStreamFailure');
}

export interface StreamResult {
  readonly outcome: 'ok' | 'model-error' | 'stream-broken' | 'timeout' | 'client-left';
  readonly bytesOut: number;
}

/** Resolves when the last byte was handed over; the writable is left open. Never rejects. */
export function carryStream(options: {
  readonly stream: Incoming;
  readonly out: Writable;
  readonly framing: Framing;
  readonly timeoutMs: number;
  readonly silenceMs?: number;
  readonly departure: Departure;
}): Promise<StreamResult> {
  const { stream, out, framing, departure, silenceMs = silenceMsMax } = options;
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
      clearTimeout(silence);
      sayHeaders();
      departure.onGone = undefined;
      out.removeListener('drain', resume);
      // Whatever is still coming would be computed for nobody.
      if (outcome !== 'ok') stream.cut();
      resolve({ outcome, bytesOut });
    };
    const breakOff = (outcome: 'stream-broken' | 'timeout', errorCode: StreamErrorCode, message: string) => {
      if (isOver) return;
      // The stream has said itself why it ends.
      if (failure !== undefined) return finish('model-error');
      write(framing.broken(errorCode, message));
      finish(outcome);
    };
    const giveUp = () => breakOff('timeout', 'ModelInvocationTimeExceeded', 'The relay may wait no longer.');
    const cut = () => breakOff('stream-broken', 'StreamBroken', 'The stream broke before its end.');
    const attempt = (step: () => void) => {
      if (isOver) return;
      try {
        step();
      } catch (error) {
        if (!(error instanceof FrameError || error instanceof RangeError)) throw error;
        cut();
      }
    };
    /** Status and headers leave with the first write, however empty. */
    const sayHeaders = () => {
      clearImmediate(headersAlone);
      if (bytesOut === 0) out.write('');
    };
    // The caller is not to wait for the model to see them; but what came along with them leaves in the same write.
    const headersAlone = setImmediate(sayHeaders);
    const resume = () => stream.resume();
    const timer = setTimeout(giveUp, options.timeoutMs);
    const silence = setTimeout(giveUp, silenceMs);
    // Bound, as in http.ts.
    departure.onGone = finish.bind(null, 'client-left');
    out.on('drain', resume);

    stream.receive({
      data: (chunk) =>
        attempt(() => {
          silence.refresh();
          const passed = framing.pass(chunk);
          failure = passed.failure ?? failure;
          if (!write(passed.bytes)) stream.pause();
        }),
      end: () =>
        attempt(() => {
          if (failure === undefined) write(framing.end());
          finish(failure === undefined ? 'ok' : 'model-error');
        }),
      broken: cut,
    });
    if (departure.isGone) finish('client-left');
  });
}
