/** One connection to a server, kept for one request after another. Node's own client costs more than a whole relayed call. */

import type { Socket } from 'node:net';
import { createResponseReader, MalformedResponse, type ResponseReader } from './http-reader.ts';
import { together } from './turn.ts';

/** Where a server listens, and how. */
export interface Place {
  readonly isSecure: boolean;
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** Of the last connection over TLS: with it the next one shakes hands for less (RFC 8446 §2.2). */
  session?: Buffer | undefined;
}

export interface Connection {
  /** Connected, and for https the server's certificate accepted. Before that nothing is sent. */
  isReady(): boolean;
  isOpen(): boolean;
  /** One at a time. */
  send(request: RequestBytes, waiting: Waiting): Incoming;
  close(): void;
}

export interface RequestBytes {
  /** With the empty line that ends it; in Latin-1. */
  readonly head: string;
  readonly body: Uint8Array;
}

/** Hears of the answer's head, or of what broke before it. */
export interface Waiting {
  head(status: number, rawHeaders: readonly string[]): void;
  broken(cause: unknown): void;
}

/** The bytes of an answer as they come. */
export interface Incoming {
  /** Once. What has come by now is handed over before this returns, even the end. */
  receive(receiver: Receiver): void;
  pause(): void;
  resume(): void;
  /** Cuts the connection, unless the answer is whole. Nothing more is received. */
  cut(): void;
}

/** Hears of bytes, and at last either of the end or of what broke. */
export interface Receiver {
  data(bytes: Buffer): void;
  end(): void;
  broken(cause: unknown): void;
}

const nobody: Receiver = { data() {}, end() {}, broken() {} };

/** A request under way. */
interface Exchange {
  readonly read: ResponseReader;
  /** The answer's head is there, and nobody has come for the rest. */
  isUnheard(): boolean;
  broken(cause: unknown): void;
}

/**
 * @param connectMs after which a server that has not accepted the connection counts as unreachable
 * @param onFree called whenever another request may be sent
 */
export function openConnection(
  place: Place,
  connectMs: number,
  onFree: (connection: Connection) => void,
): Connection {
  const socket = openSocket(place);
  let isReady = false;
  let failure: unknown;
  let exchange: Exchange | undefined;
  let unsent: RequestBytes | undefined;

  const read = (bytes?: Buffer) => {
    try {
      if (exchange) exchange.read(bytes);
      else socket.destroy();
    } catch (error) {
      if (!(error instanceof MalformedResponse)) throw error;
      socket.destroy(error);
    }
  };
  const timer = setTimeout(() => socket.destroy(), connectMs);
  socket.setNoDelay(true);
  // Whoever waits for an answer has a timer running; a connection that nobody uses is to keep no process alive.
  socket.unref();
  socket.on(place.isSecure ? 'secureConnect' : 'connect', () => {
    clearTimeout(timer);
    isReady = true;
    if (unsent) write(socket, unsent);
    unsent = undefined;
  });
  socket.on('data', (bytes) => {
    const unheard = exchange?.isUnheard() && exchange;
    read(bytes);
    // Not when that was its end, and the connection is free or another's.
    if (unheard && unheard === exchange) socket.pause();
  });
  socket.on('end', read);
  socket.on('error', (cause) => {
    failure = cause;
  });
  socket.on('close', () => {
    clearTimeout(timer);
    exchange?.broken(failure);
    exchange = undefined;
  });

  const connection: Connection = {
    isReady: () => isReady,
    isOpen: () => !socket.destroyed,
    close: () => void socket.destroy(),

    send(request, waiting) {
      let receiver: Receiver | undefined;
      let hasHead = false;
      const unheard: ((receiver: Receiver) => void)[] = [];
      const tell = (event: (receiver: Receiver) => void) => {
        if (receiver) event(receiver);
        else unheard.push(event);
      };
      const mine: Exchange = {
        read: createResponseReader({
          head(status, rawHeaders) {
            hasHead = true;
            waiting.head(status, rawHeaders);
          },
          data: (bytes) => tell((receiver) => receiver.data(bytes)),
          end(isReusable) {
            exchange = undefined;
            // A server that answers before it has the whole request may take its rest for the next one.
            if (isReusable && socket.writableLength === 0) {
              socket.resume();
              onFree(connection);
            } else socket.destroy();
            tell((receiver) => receiver.end());
          },
        }),
        isUnheard: () => hasHead && !receiver,
        broken(cause) {
          if (hasHead) tell((receiver) => receiver.broken(cause));
          else waiting.broken(cause);
        },
      };
      exchange = mine;
      if (isReady) write(socket, request);
      else unsent = request;
      return {
        receive(given) {
          // Takes effect in the next turn, so that whoever pauses now is paused then.
          this.resume();
          receiver = given;
          for (const event of unheard) event(receiver);
        },
        pause() {
          if (exchange === mine) socket.pause();
        },
        resume() {
          if (exchange === mine) socket.resume();
        },
        cut() {
          receiver = nobody;
          if (exchange !== mine) return;
          exchange = undefined;
          socket.destroy();
        },
      };
    },
  };
  return connection;
}

/** Only the module that is needed is loaded, and only now: an import would load it at every cold start. */
function openSocket(place: Place): Socket {
  const { isSecure, host, port, session } = place;
  if (!isSecure) return process.getBuiltinModule('node:net').connect({ host, port });
  // An address is not a name (RFC 6066 §3).
  const servername = /^[\d.]+$|:/.test(host) ? '' : host;
  const socket = process.getBuiltinModule('node:tls').connect({ host, port, servername, session });
  socket.on('session', (session) => {
    place.session = session;
  });
  return socket;
}

/** Head and body in one go: a head that leaves alone would be a packet of its own. */
function write(socket: Socket, { head, body }: RequestBytes): void {
  socket.cork();
  socket.write(head, 'latin1');
  socket.write(body);
  together(() => socket.uncork());
}
