/** One answer of the model as one piece, for the modes that answer in one piece. */

import type { AwsFault } from '../aws-fault.ts';
import type { Endpoint } from './endpoints.ts';
import type { Invocation } from './invocation.ts';
import { type ModelAnswer, type ModelRequest, StreamBreak } from './models/model.ts';
import { modelError, runtimeFault, timeoutMessage } from './runtime-faults.ts';
import { orAbort, startTimeLimit } from './time-limit.ts';

export type Reply = Extract<ModelAnswer, { kind: 'reply' }>;

/**
 * @throws AwsFault what the model, the container or SageMaker refuses; ModelError with OriginalStatusCode 0 after `limitMs`.
 * Rejects with the signal's reason when the caller goes away.
 */
export async function runModel(
  endpoint: Endpoint,
  request: Omit<ModelRequest, 'signal'>,
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
): Promise<Reply & { readonly body: Buffer }> {
  const limit = startTimeLimit(limitMs, signal);
  try {
    const answer = endpoint.model.invoke({ ...request, signal: limit.signal });
    const reply = replyOf(endpoint, await orAbort(answer, limit.signal));
    const body = Buffer.isBuffer(reply.body) ? reply.body : await collect(reply.body, limit.signal);
    if (body.length > responseBytesMax)
      throw modelError(endpoint, 500, `The response is larger than ${responseBytesMax} bytes.`);
    return { ...reply, body };
  } catch (error) {
    if (limit.isExpired()) throw modelError(endpoint, 0, timeoutMessage);
    if (error instanceof StreamBreak) throw modelError(endpoint, 0, error.message);
    throw error;
  } finally {
    limit.end();
  }
}

/** @throws AwsFault */
export function replyOf(endpoint: Endpoint, answer: ModelAnswer): Reply {
  if (answer.kind === 'reply') return answer;
  throw faultOf(endpoint, answer);
}

function faultOf(endpoint: Endpoint, answer: Exclude<ModelAnswer, Reply>): AwsFault {
  return answer.kind === 'failure'
    ? modelError(endpoint, answer.status, answer.message)
    : runtimeFault(answer.code, answer.message);
}

/** What the container is told of an invocation. */
export function modelRequestOf({ input, request }: Invocation): Omit<ModelRequest, 'signal'> {
  const { contentType, accept, customAttributes, targetModel, targetContainerHostname, inferenceId } = input;
  const { inferenceComponentName: inferenceComponent } = input;
  return {
    body: request.body,
    ...(contentType !== undefined && { contentType }),
    ...(accept !== undefined && { accept }),
    ...(customAttributes !== undefined && { customAttributes }),
    ...(targetModel !== undefined && { targetModel }),
    ...(targetContainerHostname !== undefined && { targetContainerHostname }),
    ...(inferenceComponent !== undefined && { inferenceComponent }),
    ...(inferenceId !== undefined && { inferenceId }),
  };
}

/** SageMaker Developer Guide, "Inference options": requests and responses of up to 25 MB. */
export const requestBytesMax = 25 * 1024 * 1024;
const responseBytesMax = 25 * 1024 * 1024;

async function collect(body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const parts = body[Symbol.asyncIterator]();
  for (let bytes = 0; bytes <= responseBytesMax; ) {
    const part = await orAbort(parts.next(), signal);
    if (part.done) return Buffer.concat(chunks);
    chunks.push(part.value);
    bytes += part.value.length;
  }
  await parts.return?.();
  return Buffer.concat(chunks);
}
