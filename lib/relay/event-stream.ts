/**
 * AWS's event stream encoding ("vnd.amazon.eventstream"): length, header length, CRC of both, headers, payload, CRC of
 * all. SageMaker's streams consist of PayloadPart events and end, when they break, in an exception. Pure.
 */

const preludeBytes = 12;
const trailerBytes = 4;
/** Amazon Transcribe and Smithy both say 24 MB for a whole message; SageMaker's parts are far smaller. */
const frameBytesMax = 25_165_824;
const stringHeaderType = 7;
const nothing = Buffer.alloc(0);

/** What SageMaker says of a stream that broke (ModelStreamError, API reference). */
export type StreamErrorCode = 'StreamBroken' | 'ModelInvocationTimeExceeded';

export interface Frame {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** A length or a checksum is wrong, or the last frame is not whole. */
export class FrameError extends Error {}

/** Cuts a byte stream at frame boundaries. */
export function createFrameCutter(): {
  /** All frames that are whole by now, as they came; perhaps none. Throws FrameError. */
  push(chunk: Buffer): Buffer;
  /** Throws FrameError when a frame is not whole yet. */
  end(): void;
} {
  let pending: Buffer[] = [];
  let bytes = 0;
  let wanted = preludeBytes;
  return {
    push(chunk) {
      pending.push(chunk);
      bytes += chunk.length;
      // Not even one frame is whole: wait without copying.
      if (bytes < wanted) return nothing;
      const all = pending.length === 1 ? chunk : Buffer.concat(pending, bytes);
      const end = endOfWholeFrames(all);
      const rest = all.subarray(end);
      pending = rest.length > 0 ? [rest] : [];
      bytes = rest.length;
      wanted = rest.length >= preludeBytes ? rest.readUInt32BE(0) : preludeBytes;
      return all.subarray(0, end);
    },
    end() {
      if (bytes > 0) throw new FrameError();
    },
  };
}

/** The frames of bytes that hold whole frames only. */
export function* framesIn(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + bytes.readUInt32BE(at);
    yield bytes.subarray(at, end);
    at = end;
  }
}

/** Of a frame as the cutter cut it. Throws FrameError when a checksum or a length is wrong. */
export function decodeFrame(frame: Buffer): Frame {
  const crc32 = checksum();
  const total = frame.length;
  if (
    crc32(frame.subarray(0, 8)) !== frame.readUInt32BE(8) ||
    crc32(frame.subarray(0, total - trailerBytes)) !== frame.readUInt32BE(total - trailerBytes)
  )
    throw new FrameError();
  return {
    headers: headersIn(frame),
    payload: frame.subarray(preludeBytes + frame.readUInt32BE(4), total - trailerBytes),
  };
}

/** The string headers, without looking at the checksums. Throws FrameError. */
export function headersIn(frame: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  const end = preludeBytes + frame.readUInt32BE(4);
  if (end > frame.length - trailerBytes) throw new FrameError();
  for (let at = preludeBytes; at < end; ) {
    const nameEnd = at + 1 + (frame[at] as number);
    const type = frame[nameEnd];
    // SageMaker uses strings alone; the length of another type's value is not worth knowing.
    if (type !== stringHeaderType || nameEnd + 3 > end) break;
    const valueEnd = nameEnd + 3 + frame.readUInt16BE(nameEnd + 1);
    if (valueEnd > end) throw new FrameError();
    headers[frame.toString('utf8', at + 1, nameEnd)] = frame.toString('utf8', nameEnd + 3, valueEnd);
    at = valueEnd;
  }
  return headers;
}

/** Of a ModelStreamError. Each: length of the name, name, type of the value, length of the value in two bytes, value. */
const exceptionHeaders = Buffer.from(
  '\x0d:message-type\x07\0\x09exception' +
    '\x0f:exception-type\x07\0\x10ModelStreamError' +
    '\x0d:content-type\x07\0\x10application/json',
);

/** The in-band end of a stream that broke, as InvokeEndpointWithResponseStream models it. */
export function brokenStreamFrame(errorCode: StreamErrorCode, message: string): Buffer {
  const crc32 = checksum();
  const payload = Buffer.from(JSON.stringify({ Message: message, ErrorCode: errorCode }));
  const frame = Buffer.concat([
    Buffer.alloc(preludeBytes),
    exceptionHeaders,
    payload,
    Buffer.alloc(trailerBytes),
  ]);
  const end = frame.length - trailerBytes;
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(exceptionHeaders.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  frame.writeUInt32BE(crc32(frame.subarray(0, end)), end);
  return frame;
}

function endOfWholeFrames(bytes: Buffer): number {
  let at = 0;
  while (bytes.length - at >= preludeBytes) {
    const total = bytes.readUInt32BE(at);
    if (total < preludeBytes + trailerBytes || total > frameBytesMax) throw new FrameError();
    if (bytes.length - at < total) break;
    at += total;
  }
  return at;
}

/** Only broken or translated streams need it, so it is not loaded before. */
function checksum(): (data: Uint8Array) => number {
  return process.getBuiltinModule('node:zlib').crc32;
}
