/** A prediction through the child's relay, in SageMaker's own protocol. */

import { alias as aliasField } from '../contract/fields.ts';
import { relayRoutes } from '../contract/operations.ts';
import { ClientProblem, problemOfAnswer } from './client-problem.ts';
import type { CallOptions } from './methods.ts';
import { type Line, send } from './send.ts';

export interface Invocation extends CallOptions {
  readonly body: Uint8Array | string;
  /** @default `application/octet-stream`, as SageMaker's own clients say */
  readonly contentType?: string;
  readonly accept?: string;
  /** Opaque; passed on to the model. */
  readonly customAttributes?: string;
  readonly targetModel?: string;
  readonly targetVariant?: string;
  readonly targetContainerHostname?: string;
  readonly inferenceComponent?: string;
  readonly inferenceId?: string;
  /** `NEW_SESSION`, or the id of one. */
  readonly sessionId?: string;
  readonly enableExplanations?: string;
  /** @default 26_214_400, the most that SageMaker answers */
  readonly answerBytesMax?: number;
}

export interface Prediction {
  readonly status: number;
  /** As SageMaker sent them, and `Server-Timing`. */
  readonly headers: Headers;
  readonly contentType: string | undefined;
  readonly body: Uint8Array<ArrayBuffer>;
}

/**
 * One attempt only: a model must not run twice, and the relay itself repeats what certainly did not run.
 * Throws ClientProblem; its `code` is SageMaker's error type, such as `ModelError`, where SageMaker or the relay refused.
 */
export type Invoke = (alias: string, invocation: Invocation) => Promise<Prediction>;

export async function invokeThrough(line: Line, alias: string, invocation: Invocation): Promise<Prediction> {
  const { body, signal, timeoutMs = modelTimeoutMs, answerBytesMax = sageMakerBytesMax } = invocation;
  const checked = aliasField.safeParse(alias);
  if (!checked.success)
    throw new ClientProblem('client.input_invalid', `alias ${checked.error.issues[0]?.message}`, {
      operation: 'invoke',
    });
  const { method, path } = relayRoutes.sync;
  const answer = await send(
    {
      operation: 'invoke',
      method,
      path: path.replace('{alias}', alias),
      headers: headersOf(invocation),
      body,
      mayRepeat: false,
      attemptsMax: 1,
      answerBytesMax,
      timeoutMs,
      signal,
    },
    line,
  );
  if (answer.status < 200 || answer.status > 299) throw problemOfAnswer('invoke', answer);
  const { status, headers, bytes } = answer;
  return { status, headers, contentType: headers.get('content-type') ?? undefined, body: bytes };
}

// --- internal ---

/** SageMaker gives a model 60 s and asks clients to wait for 70 (InvokeEndpoint, API reference). */
const modelTimeoutMs = 70_000;
const sageMakerBytesMax = 25 * 1024 * 1024;

/** Field → header (InvokeEndpoint, API reference). */
const headerNames = {
  contentType: 'content-type',
  accept: 'accept',
  customAttributes: 'x-amzn-sagemaker-custom-attributes',
  targetModel: 'x-amzn-sagemaker-target-model',
  targetVariant: 'x-amzn-sagemaker-target-variant',
  targetContainerHostname: 'x-amzn-sagemaker-target-container-hostname',
  inferenceComponent: 'x-amzn-sagemaker-inference-component',
  inferenceId: 'x-amzn-sagemaker-inference-id',
  sessionId: 'x-amzn-sagemaker-session-id',
  enableExplanations: 'x-amzn-sagemaker-enable-explanations',
} as const satisfies Partial<Record<keyof Invocation, string>>;

function headersOf(invocation: Invocation): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/octet-stream' };
  for (const [field, name] of Object.entries(headerNames)) {
    const value = invocation[field as keyof typeof headerNames];
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}
