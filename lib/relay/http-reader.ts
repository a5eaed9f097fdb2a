/**
 * An HTTP/1.1 response, read from bytes as they come (RFC 9112). Strict: what two readers could take for two different
 * messages is refused, because the connection serves other requests afterwards. Pure.
 */

/** What a response consists of, in this order: a head, data, an end. */
export interface ResponseSink {
  /** @param rawHeaders name, value, name, value, as they came */
  head(status: number, rawHeaders: readonly string[]): void;
  data(bytes: Buffer): void;
  /** @param isReusable whether another response may follow on this connection */
  end(isReusable: boolean): void;
}

/** Takes bytes as they come, and nothing when the other side has closed. Throws MalformedResponse. */
export type ResponseReader = (bytes?: Buffer) => void;

export class MalformedResponse extends Error {}

/** Of a head, as Node's own client, and of every line behind it. */
const textBytesMax = 16_384;
const untilClosed = Number.POSITIVE_INFINITY;
const inChunks = -1;

export function createResponseReader(sink: ResponseSink): ResponseReader {
  let bytes: Buffer = Buffer.alloc(0);
  /** Of the body, or of the chunk. While there are none, text is expected. */
  let left = 0;
  let mark = '\r\n\r\n';
  let isKept = false;
  let isOver = false;

  const finish = () => {
    isOver = true;
    sink.end(isKept && left === 0 && bytes.length === 0);
  };
  const readHead = (text: string) => {
    const head = parseHead(text);
    // The response that counts is still to come.
    if (head.status < 200) return;
    isKept = head.isKept;
    sink.head(head.status, head.rawHeaders);
    if (head.length === inChunks) {
      mark = '\r\n';
      read = readChunkSize;
    } else if (head.length === 0) finish();
    else left = head.length;
  };
  const readChunkSize = (line: string) => {
    const [, size = ''] = /^([\da-f]{1,8})(;\w+(=\w+)?)*$/i.exec(line) ?? [];
    left = Number.parseInt(size, 16);
    if (Number.isNaN(left)) throw new MalformedResponse();
    read = left === 0 ? readTrailer : readChunkEnd;
  };
  const readChunkEnd = (line: string) => {
    if (line !== '') throw new MalformedResponse();
    read = readChunkSize;
  };
  const readTrailer = (line: string) => {
    if (line === '') finish();
    // Nobody wants it, but it must be one.
    else parseHead(`HTTP/1.1 200\r\ntransfer-encoding:chunked\r\n${line}`);
  };

  let read: (text: string) => void = readHead;
  return (more) => {
    if (isOver) return;
    if (!more) {
      if (left !== untilClosed) throw new MalformedResponse();
      return finish();
    }
    bytes = bytes.length > 0 ? Buffer.concat([bytes, more]) : more;
    while (!isOver && bytes.length > 0) {
      if (left > 0) {
        const part = bytes.subarray(0, left);
        bytes = bytes.subarray(part.length);
        left -= part.length;
        sink.data(part);
        if (left === 0 && read === readHead) finish();
      } else {
        const end = bytes.indexOf(mark);
        if ((end < 0 ? bytes.length : end) > textBytesMax) throw new MalformedResponse();
        if (end < 0) return;
        const text = bytes.toString('latin1', 0, end);
        bytes = bytes.subarray(end + mark.length);
        read(text);
      }
    }
  };
}

interface Head {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  /** Bytes of the body, `inChunks` or `untilClosed`. */
  readonly length: number;
  readonly isKept: boolean;
}

/** As RFC 9112 §6.3 says, and what it advises against is refused: two lengths, a length beside a coding, other codings. */
function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, minor, code] = /^HTTP\/1\.([01]) ([1-9]\d\d)( |$)/.exec(statusLine) ?? [];
  const status = Number(code);
  // 101: nobody asked for another protocol. Bare line ends and other control characters are read in different ways.
  if (!code || status === 101 || /[^\t\r\n\x20-\x7e\x80-\xff]|[^\r]\n|\r(?!\n)/.test(text))
    throw new MalformedResponse();
  const rawHeaders: string[] = [];
  const lengths: number[] = [];
  let isKept = minor === '1';
  for (const line of lines) {
    const [, name, raw] = /^([!#$%&'*+.^`|~\w-]+):(.*)$/.exec(line) ?? [];
    if (name === undefined || raw === undefined) throw new MalformedResponse();
    const value = raw.trim();
    rawHeaders.push(name, value);
    const known = name.toLowerCase();
    if (known === 'connection') isKept &&= !/\bclose\b/i.test(value);
    if (known === 'transfer-encoding') lengths.push(/^chunked$/i.test(value) ? inChunks : Number.NaN);
    if (known === 'content-length') lengths.push(/^\d{1,15}$/.test(value) ? Number(value) : Number.NaN);
  }
  const [length = untilClosed, another] = lengths;
  if (Number.isNaN(length) || another !== undefined) throw new MalformedResponse();
  const isBodiless = status === 204 || status === 304;
  return { status, rawHeaders, length: isBodiless ? 0 : length, isKept };
}
