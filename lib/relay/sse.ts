/**
 * SageMaker's event stream as server-sent events (WHATWG HTML, "Server-sent events"), for clients that asked for
 * `text/event-stream`. A model that speaks server-sent events itself is passed through; other text becomes `data:`
 * lines, and what is not text becomes `bytes` events in base64. A break is an `error` event, the end a `done` event,
 * because a plain client cannot tell a finished stream from a cut one.
 */

import { createFrameCutter, decodeFrame, framesIn } from './event-stream.ts';
import { type Framing, failureIn } from './stream.ts';

export function serverSentEvents(modelContentType = ''): Framing {
  const cutter = createFrameCutter();
  const translation = translationOf(modelContentType);
  const failed = (code: string, message: object) =>
    // A model's own event may have been cut in the middle: the blank line ends it.
    (translation ? translation.rest() : '\n\n') + event('error', JSON.stringify({ code, ...message }));
  return {
    pass(chunk) {
      const parts: Buffer[] = [];
      let failure: string | undefined;
      for (const raw of framesIn(cutter.push(chunk))) {
        const { headers, payload } = decodeFrame(raw);
        const broke = failureIn(headers);
        if (broke !== undefined) {
          failure = broke;
          parts.push(Buffer.from(failed(broke, messageIn(payload, headers))));
        } else if (headers[':event-type'] === 'PayloadPart')
          parts.push(translation ? Buffer.from(translation.of(payload)) : payload);
      }
      return { bytes: Buffer.concat(parts), failure };
    },
    broken: (ErrorCode, Message) => Buffer.from(failed('ModelStreamError', { Message, ErrorCode })),
    end() {
      cutter.end();
      return translation && Buffer.from(translation.rest() + event('done', ''));
    },
  };
}

interface Translation {
  of(payload: Buffer): string;
  /** What was held back because it was not whole. */
  rest(): string;
}

/** Undefined: the model speaks server-sent events itself. */
function translationOf(contentType: string): Translation | undefined {
  const [type = '', charset = 'utf-8'] =
    /^\s*([^;\s]*)(?:.*;\s*charset="?([^";\s]+))?/i.exec(contentType.toLowerCase())?.slice(1) ?? [];
  if (type === 'text/event-stream') return undefined;
  const isText = /^text\/|[/+](x-)?(json(l(ines)?)?|ndjson|xml)$/.test(type);
  const decoder = isText && decoderOf(charset);
  return decoder
    ? text(decoder)
    : { of: (payload) => event('bytes', payload.toString('base64')), rest: () => '' };
}

type Decoder = InstanceType<typeof TextDecoder>;

/** Undefined: bytes in a charset that nobody knows are just bytes. */
function decoderOf(charset: string): Decoder | undefined {
  try {
    return new TextDecoder(charset);
  } catch {
    return undefined;
  }
}

/** Parts are cut anywhere: within a character, and between a carriage return and its line feed. */
function text(decoder: Decoder): Translation {
  let held = '';
  const translated = (data: string) => (data === '' ? '' : event(undefined, data));
  return {
    of(payload) {
      const all = held + decoder.decode(payload, { stream: true });
      held = all.endsWith('\r') ? '\r' : '';
      return translated(held ? all.slice(0, -1) : all);
    },
    rest() {
      const all = held + decoder.decode();
      held = '';
      return translated(all);
    },
  };
}

/** Line breaks divide `data:` fields and come back as line feeds. */
function event(name: string | undefined, data: string): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${name === undefined ? '' : `event: ${name}\n`}${lines.join('')}\n`;
}

function messageIn(payload: Buffer, headers: Readonly<Record<string, string>>): object {
  try {
    const parsed: unknown = JSON.parse(String(payload));
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // Not JSON: the headers say it.
  }
  return { Message: headers[':error-message'] ?? '' };
}
