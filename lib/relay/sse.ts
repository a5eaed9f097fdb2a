/**
 * SageMaker's event stream as server-sent events (WHATWG HTML, "Server-sent events"), for clients that asked for
 * `text/event-stream`. A model that speaks server-sent events itself is passed through; other text becomes `data:`
 * lines, and what is not text becomes `bytes` events in base64. A break is an `error` event, the end a `done` event,
 * because a plain client cannot tell a finished stream from a cut one.
 */

import { decodeFrame, framesIn } from './event-stream.ts';
import type { Framing } from './stream.ts';

export function serverSentEvents(modelContentType: string | undefined): Framing {
  const kind = kindOf(modelContentType);
  const decoder = new TextDecoder();
  const translate: Readonly<Record<typeof kind, (payload: Buffer) => string | Buffer>> = {
    events: (payload) => payload,
    text: (payload) => event(undefined, decoder.decode(payload, { stream: true })),
    binary: (payload) => event('bytes', payload.toString('base64')),
  };
  return {
    pass(bytes) {
      const parts: Buffer[] = [];
      let failure: string | undefined;
      for (const raw of framesIn(bytes)) {
        const { headers, payload } = decodeFrame(raw);
        if (headers[':message-type'] === 'event') {
          if (headers[':event-type'] === 'PayloadPart') parts.push(Buffer.from(translate[kind](payload)));
          continue;
        }
        failure = headers[':exception-type'] ?? headers[':error-code'] ?? 'InternalStreamFailure';
        parts.push(Buffer.from(errorEvent(failure, messageIn(payload, headers))));
      }
      return { bytes: Buffer.concat(parts), ...(failure !== undefined && { failure }) };
    },
    // A model's own event may have been cut in the middle: the blank line ends it.
    broken: (errorCode, message) =>
      Buffer.from(
        (kind === 'events' ? '\n\n' : '') +
          errorEvent('ModelStreamError', { Message: message, ErrorCode: errorCode }),
      ),
    end: () => (kind === 'events' ? undefined : Buffer.from(event('done', ''))),
  };
}

function kindOf(contentType: string | undefined): 'events' | 'text' | 'binary' {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'text/event-stream') return 'events';
  return type.startsWith('text/') || /[/+](json|jsonlines|x-ndjson|xml|x-jsonlines)$/.test(type)
    ? 'text'
    : 'binary';
}

/** Line breaks divide `data:` fields and come back as line feeds. Text that ends within a character yields nothing yet. */
function event(name: string | undefined, data: string): string {
  if (name === undefined && data === '') return '';
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${name === undefined ? '' : `event: ${name}\n`}${lines.join('')}\n`;
}

function errorEvent(code: string, message: object): string {
  return event('error', JSON.stringify({ code, ...message }));
}

function messageIn(payload: Buffer, headers: Readonly<Record<string, string>>): object {
  try {
    const parsed: unknown = JSON.parse(payload.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // Not JSON: the headers say it.
  }
  return { Message: headers[':error-message'] ?? '' };
}
