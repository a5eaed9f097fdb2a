/** What a model container is to SageMaker: it gets `/invocations` and answers, all at once or bit by bit. */

import type { RuntimeErrorCode } from '../runtime-faults.ts';

export interface Model {
  /** Has it started? A model without `ping` has. */
  ping?(): Promise<boolean>;
  /** Rejects only when `signal` aborts; every other failure is an answer. */
  invoke(request: ModelRequest): Promise<ModelAnswer>;
  close?(): void;
}

/** What SageMaker hands to the container: every header that is not in its API is stripped. */
export interface ModelRequest {
  readonly body: Buffer;
  readonly contentType?: string;
  readonly accept?: string;
  readonly customAttributes?: string;
  readonly targetModel?: string;
  readonly targetContainerHostname?: string;
  readonly inferenceComponent?: string;
  readonly inferenceId?: string;
  readonly sessionId?: string;
  /** Aborts when the time is up or the caller is gone. */
  readonly signal: AbortSignal;
}

export type ModelAnswer =
  | {
      readonly kind: 'reply';
      readonly contentType: string;
      /** A stream may end in a StreamBreak. */
      readonly body: Buffer | AsyncIterable<Uint8Array>;
      readonly customAttributes?: string;
      readonly closesSession?: boolean;
    }
  /** The container answered 4xx or 5xx, or, with status 0, not at all. */
  | { readonly kind: 'failure'; readonly status: number; readonly message: string }
  /** SageMaker itself refuses. */
  | { readonly kind: 'refusal'; readonly code: RuntimeErrorCode; readonly message: string };

/** How a stream ends that does not end well: said in band, because the status was 200 (SageMaker Runtime, "ResponseStream"). */
export class StreamBreak extends Error {
  readonly event: StreamBreakEvent;

  constructor(event: StreamBreakEvent, message: string) {
    super(message);
    this.event = event;
  }
}

export type StreamBreakEvent =
  | {
      readonly type: 'ModelStreamError';
      readonly errorCode: 'ModelInvocationTimeExceeded' | 'StreamBroken';
    }
  | { readonly type: 'InternalStreamFailure' };

export function failure(status: number, message: string): ModelAnswer {
  return { kind: 'failure', status, message };
}
