/** SageMaker Runtime: from an admitted invocation to its answer, header for header. */

import { jsonAnswer } from '../aws-json.ts';
import type { Authorize, ServiceResponse } from '../types.ts';
import type { AsyncInference } from './async-inference.ts';
import type { Endpoint, Endpoints } from './endpoints.ts';
import { admit, type Invocation } from './invocation.ts';
import { checkBody, type InvocationMode } from './invocation-headers.ts';
import type { InvocationLog } from './invocation-log.ts';
import { frameStream, single } from './response-stream.ts';
import { modelRequestOf, replyOf, requestBytesMax, runModel } from './run-model.ts';
import { modelError, timeoutMessage } from './runtime-faults.ts';
import type { EnteredSession, Sessions } from './sessions.ts';
import { orAbort, startTimeLimit } from './time-limit.ts';

export interface RuntimeOptions {
  readonly authorize: Authorize;
  readonly endpoints: Endpoints;
  readonly sessions: Sessions;
  readonly asyncInference: AsyncInference;
  readonly log: InvocationLog;
  /** How long a model may take before its answer, and a stream before its end. */
  readonly limits: { readonly responseMs: number; readonly streamMs: number };
}

/** @throws AwsFault */
export async function answerInvocation(
  invocation: Invocation,
  options: RuntimeOptions,
): Promise<ServiceResponse> {
  const endpoint = admit(invocation, options.endpoints, options.authorize);
  return modes[invocation.mode](invocation, endpoint, options);
}

const modes: Readonly<
  Record<
    InvocationMode,
    (invocation: Invocation, endpoint: Endpoint, options: RuntimeOptions) => Promise<ServiceResponse>
  >
> = { sync: answerSync, stream: answerStream, async: answerAsync };

async function answerSync(
  invocation: Invocation,
  endpoint: Endpoint,
  { sessions, log, limits }: RuntimeOptions,
): Promise<ServiceResponse> {
  const { request, input } = invocation;
  checkBody(request.body, requestBytesMax);
  const session = sessions.enter(endpoint, input.sessionId);
  log.add(invocation, endpoint);
  const modelRequest = { ...modelRequestOf(invocation), ...sessionOf(session) };
  const reply = await runModel(endpoint, modelRequest, {
    limitMs: limits.responseMs,
    signal: request.signal,
  });
  if (session && reply.closesSession) sessions.close(session.id);
  return {
    status: 200,
    headers: {
      'content-type': reply.contentType,
      ...variantHeaders(endpoint, reply.customAttributes),
      ...(session?.announcement && { 'x-amzn-sagemaker-new-session-id': session.announcement }),
      ...(session && reply.closesSession && { 'x-amzn-sagemaker-closed-session-id': session.id }),
      'x-amzn-requestid': request.id,
    },
    body: reply.body,
  };
}

async function answerStream(
  invocation: Invocation,
  endpoint: Endpoint,
  { sessions, log, limits }: RuntimeOptions,
): Promise<ServiceResponse> {
  const { request, input } = invocation;
  checkBody(request.body, requestBytesMax);
  const session = sessions.enter(endpoint, input.existingSessionId);
  log.add(invocation, endpoint);
  // The model's own signal must outlive this function: it is the stream that ends it.
  const gone = new AbortController();
  const onGone = () => gone.abort(request.signal.reason);
  request.signal.addEventListener('abort', onGone, { once: true });
  const first = startTimeLimit(limits.responseMs, request.signal);
  try {
    const modelRequest = { ...modelRequestOf(invocation), ...sessionOf(session), signal: gone.signal };
    const reply = replyOf(endpoint, await orAbort(endpoint.model.invoke(modelRequest), first.signal));
    const body = Buffer.isBuffer(reply.body) ? single(reply.body) : reply.body;
    return {
      status: 200,
      headers: {
        'content-type': 'application/vnd.amazon.eventstream',
        'x-amzn-sagemaker-content-type': reply.contentType,
        ...variantHeaders(endpoint, reply.customAttributes),
        'x-amzn-requestid': request.id,
      },
      body: frameStream(body, {
        limitMs: limits.streamMs,
        signal: request.signal,
        onEnd: () => gone.abort(new Error('The stream has ended.')),
      }),
    };
  } catch (error) {
    gone.abort(error);
    if (first.isExpired()) throw modelError(endpoint, 0, timeoutMessage);
    throw error;
  } finally {
    first.end();
  }
}

async function answerAsync(
  invocation: Invocation,
  endpoint: Endpoint,
  { asyncInference, log }: RuntimeOptions,
): Promise<ServiceResponse> {
  const accepted = asyncInference.accept(invocation, endpoint);
  log.add(invocation, endpoint);
  const answer = jsonAnswer(
    202,
    { InferenceId: accepted.inferenceId },
    invocation.request.id,
    'application/json',
  );
  return {
    ...answer,
    headers: {
      ...answer.headers,
      'x-amzn-sagemaker-outputlocation': accepted.outputLocation,
      ...(accepted.failureLocation && { 'x-amzn-sagemaker-failurelocation': accepted.failureLocation }),
    },
  };
}

function variantHeaders(endpoint: Endpoint, customAttributes: string | undefined): Record<string, string> {
  return {
    'x-amzn-invoked-production-variant': endpoint.variantName,
    ...(customAttributes !== undefined && { 'x-amzn-sagemaker-custom-attributes': customAttributes }),
  };
}

function sessionOf(session: EnteredSession | undefined): { sessionId?: string } {
  return session ? { sessionId: session.id } : {};
}
