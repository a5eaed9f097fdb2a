/** What an execution environment and the Lambda service say to each other, across the thread. */

/** Given to the worker when it starts. */
export interface EnvironmentData {
  /** The bundle, as a file URL. */
  readonly bundleUrl: string;
  readonly handlerName: string;
  /** The sandbox clock's offset, one BigInt64 of milliseconds. */
  readonly clockOffset: SharedArrayBuffer;
}

export type ToEnvironment =
  | {
      readonly type: 'invoke';
      readonly event: unknown;
      readonly context: InvocationContext;
      readonly timeoutMs: number;
    }
  /** The last chunk was taken; the next may come. */
  | { readonly type: 'taken'; readonly requestId: string }
  /** Nobody reads the response any more. */
  | { readonly type: 'disconnected'; readonly requestId: string };

export type FromEnvironment =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly payload: string }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'failure'; readonly failure: FunctionFailure };

/** The part of the handler's context that is data ("Using the Lambda context object …", Lambda Developer Guide). */
export interface InvocationContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** What Lambda answers for a function that failed. */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}
