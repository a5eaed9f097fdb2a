/**
 * AWS's event stream encoding ("vnd.amazon.eventstream"): length, header length, CRC of both, headers, payload, CRC of
 * all. SageMaker's streams consist of PayloadPart events and end, when they break, in an exception. Pure.
 */

const preludeBytes = 12;
const trailerBytes = 4;
/** Amazon Transcribe and Smithy both say 24 MB for a whole message; SageMaker's parts are far smaller. */
const frameBytesMax = 25_165_824;
const stringHeaderType = 7;

export interface Frame {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** A length or a checksum is wrong. */
export class FrameError extends Error {}

/** Cuts a byte stream at frame boundaries. `push` answers all whole frames at once, as they came. Throws FrameError. */
export function createFrameCutter(): {
  push(chunk: Buffer): Buffer | undefined;
  /** Bytes of a frame that is not whole yet. */
  pendingBytes(): number;
} {
  let pending: Buffer[] = [];
  let bytes = 0;
  let wanted = preludeBytes;
  return {
    push(chunk) {
      pending.push(chunk);
      bytes += chunk.length;
      // Not even one frame is whole: wait without copying.
      if (bytes < wanted) return undefined;
      const all = pending.length === 1 ? chunk : Buffer.concat(pending, bytes);
      const end = endOfWholeFrames(all);
      const rest = all.subarray(end);
      pending = rest.length > 0 ? [rest] : [];
      bytes = rest.length;
      wanted = rest.length >= preludeBytes ? rest.readUInt32BE(0) : preludeBytes;
      return end > 0 ? all.subarray(0, end) : undefined;
    },
    pendingBytes: () => bytes,
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

/** Throws FrameError when a checksum or a length is wrong. */
export function decodeFrame(frame: Buffer): Frame {
  const crc32 = checksum();
  const total = frame.length;
  if (
    total < preludeBytes + trailerBytes ||
    frame.readUInt32BE(0) !== total ||
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

/** Header names and values in ASCII. */
export function encodeFrame(headers: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  const crc32 = checksum();
  const encoded = Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [
      Buffer.of(name.length),
      Buffer.from(name),
      Buffer.of(stringHeaderType, value.length >> 8, value.length),
      Buffer.from(value),
    ]),
  );
  const frame = Buffer.alloc(preludeBytes + encoded.length + payload.length + trailerBytes);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(encoded.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  frame.set(encoded, preludeBytes);
  frame.set(payload, preludeBytes + encoded.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, frame.length - trailerBytes)), frame.length - trailerBytes);
  return frame;
}

/** The in-band end of a stream that broke, as InvokeEndpointWithResponseStream models it. */
export function brokenStreamFrame(
  errorCode: 'StreamBroken' | 'ModelInvocationTimeExceeded',
  message: string,
): Buffer {
  return encodeFrame(
    {
      ':message-type': 'exception',
      ':exception-type': 'ModelStreamError',
      ':content-type': 'application/json',
    },
    Buffer.from(JSON.stringify({ Message: message, ErrorCode: errorCode })),
  );
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
