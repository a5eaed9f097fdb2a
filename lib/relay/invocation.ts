/** From a request to SageMaker's answer: who may, with which session, how often, and what is counted. */

import type { Writable } from 'node:stream';
import { sourceIdentityOf } from '../contract/source-identity.ts';
import { refusalOf } from './admission.ts';
import type { AsyncBroker } from './async.ts';
import type { AsyncJobs } from './async-jobs.ts';
import { type AttemptsOptions, type SessionKey, sendUntilAnswered } from './attempts.ts';
import { type Breaker, failuresUntilOpen } from './breaker.ts';
import type { Slots } from './concurrency.ts';
import { errorAnswer, outcomeOf, refusal } from './errors.ts';
import { HttpFailure, headerOf } from './http.ts';
import { begin, type Passage, timingHeaders } from './passage.ts';
import { refusalOfAny, refusalOfRuntime, refusalOfSession } from './refusals.ts';
import { type RelayRequest, unknownAlias } from './request.ts';
import type { RuntimeAnswer } from './runtime.ts';
import { serverSentEvents } from './sse.ts';
import { carryStream, nativeFraming } from './stream.ts';
import type { SubscriptionRecord } from './subscription.ts';
import type { SubscriptionCache } from './subscription-cache.ts';
import { answeredHeaders } from './wire.ts';

export interface RelayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes, or a function that writes them as they come; it leaves the writable open and does not reject. */
  readonly body: Uint8Array | string | ((out: Writable) => Promise<void>);
  /** To be called when the last byte is written: frees what the invocation held and counts it. Does not reject. */
  readonly finish: () => Promise<void>;
}

export interface InvocationOptions extends AttemptsOptions {
  readonly subscriptions: SubscriptionCache;
  readonly slots: Slots;
  readonly breaker: Breaker;
  readonly broker: AsyncBroker;
  readonly jobs: AsyncJobs;
  /** Called once, at the end, with the timer's reading then. */
  /** What it answers settles when it is counted. */
  readonly count: (passage: Passage, endedAt: number) => unknown;
  readonly warn: (message: string, error: unknown) => unknown;
}

/** Reads the request and answers it. Never rejects: whatever fails becomes an answer in SageMaker's shape. */
export type Invoke = (read: () => RelayRequest) => Promise<RelayAnswer>;

type Answer = Omit<RelayAnswer, 'finish'>;

export function createInvoke(options: InvocationOptions): Invoke {
  const { timer, count, warn } = options;

  const answer = async (passage: Passage, read: () => RelayRequest): Promise<Answer> => {
    try {
      const request = read();
      passage.request = request;
      const subscription = await admit(passage, request, options);
      switch (request.route) {
        case 'asyncUpload':
          return options.broker.offerUpload(subscription, await sessionFor(request, subscription, options));
        case 'asyncResult':
          return await readResult(request, subscription, options);
        default:
          return relayed(await predict(passage, request, subscription, options), passage, request, options);
      }
    } catch (error) {
      const refused = refusalOfAny(error);
      passage.outcome = refused.outcome;
      if (refused.cause !== undefined) warn(refused.message, refused.cause);
      return errorAnswer(refused);
    }
  };

  return async (read) => {
    const passage = begin(timer());
    const { status, headers, body } = await answer(passage, read);
    passage.status = status;
    if (typeof body !== 'function') passage.bytesOut = Buffer.byteLength(body);
    return {
      status,
      headers: { ...headers, ...timingHeaders(passage, timer()) },
      body,
      async finish() {
        const counted = count(passage, timer());
        await passage.release?.().catch((error: unknown) => warn('A slot could not be freed.', error));
        await counted;
      },
    };
  };
}

/** The subscription, when it lets the request through. Newer terms are looked for before it is refused. */
async function admit(
  passage: Passage,
  request: RelayRequest,
  options: InvocationOptions,
): Promise<SubscriptionRecord> {
  const { subscriptions, renew, now } = options;
  const known = await subscriptions.get(request.alias);
  if (!known) throw unknownAlias(request.alias);
  passage.subscription = known;
  if (!refusalOf(known, request, now())) return known;
  const current = (await renew(known).catch(() => undefined)) ?? known;
  const refused = refusalOf(current, request, now());
  if (refused) throw refused;
  return current;
}

async function predict(
  passage: Passage,
  request: RelayRequest,
  subscription: SubscriptionRecord,
  options: InvocationOptions,
): Promise<RuntimeAnswer> {
  const { attempts } = passage;
  const { breaker } = options;
  const { grantId } = subscription;
  const blockedForMs = breaker.blockedForMs(grantId);
  if (blockedForMs !== undefined) throw circuitOpen(subscription, blockedForMs);
  let result: Parameters<Breaker['record']>[1] = 'unknown';
  try {
    await takeSlot(passage, request, subscription, options);
    const headers = request.mode === 'async' ? withOwnPrefix(request, subscription) : request.headers;
    const answer = await sendUntilAnswered(
      request,
      sessionKey(request, subscription),
      headers,
      attempts,
      options,
    );
    // 424 is the model's verdict on one input; 429 and 400 say that somebody is at home.
    result = answer.status >= 500 ? 'failed' : 'answered';
    if (answer.kind === 'error') passage.outcome = outcomeOf(answer.errorCode, answer.status);
    if (request.mode === 'async' && answer.kind === 'answer')
      await rememberJob(answer, subscription, options);
    return answer;
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    if (error.kind !== 'gone') result = 'failed';
    throw refusalOfRuntime(error, subscription, attempts.modelMs);
  } finally {
    breaker.record(grantId, result);
  }
}

/** SageMaker's answer as it came. */
function relayed(
  answer: RuntimeAnswer,
  passage: Passage,
  request: RelayRequest,
  { now }: InvocationOptions,
): Answer {
  const headers = answeredHeaders(answer.rawHeaders);
  if (answer.kind !== 'stream') return { status: answer.status, headers, body: answer.body };
  const isTranslated = request.wantsServerSentEvents;
  if (isTranslated) {
    headers['content-type'] = 'text/event-stream';
    headers['cache-control'] = 'no-store';
  }
  return {
    status: answer.status,
    headers,
    async body(out) {
      const { outcome, bytesOut } = await carryStream({
        stream: answer.stream,
        out,
        framing: isTranslated ? serverSentEvents(headers['x-amzn-sagemaker-content-type']) : nativeFraming,
        timeoutMs: Math.max(1, request.deadlineAt - now()),
        departure: request.departure,
      });
      passage.outcome = outcome;
      passage.bytesOut = bytesOut;
    },
  };
}

async function readResult(
  request: RelayRequest,
  subscription: SubscriptionRecord,
  options: InvocationOptions,
): Promise<Answer> {
  const { inferenceId } = request;
  if (!inferenceId || inferenceId.length > 64)
    throw refusal('ValidationError', 'An inference id has 1 to 64 characters.');
  const credentials = await sessionFor(request, subscription, options);
  return options.broker.readResult(subscription, inferenceId, credentials);
}

function sessionKey(request: RelayRequest, subscription: SubscriptionRecord): SessionKey {
  return subscription.recordCaller
    ? { subscription, sourceIdentity: sourceIdentityOf(request.caller) }
    : { subscription };
}

async function sessionFor(
  request: RelayRequest,
  subscription: SubscriptionRecord,
  { sessions }: InvocationOptions,
) {
  return sessions.get(sessionKey(request, subscription)).catch((error: unknown) => {
    throw refusalOfSession(error, subscription);
  });
}

/** A cap is the owner's wish, kept as well as can be: where slots cannot be counted, the request passes. */
async function takeSlot(
  passage: Passage,
  { deadlineAt }: RelayRequest,
  { grantId, limits }: SubscriptionRecord,
  { slots, warn }: InvocationOptions,
): Promise<void> {
  if (!limits) return;
  const taken = await slots.take(grantId, limits.concurrency, deadlineAt).catch((error: unknown) => {
    warn('Slots could not be counted.', error);
    return async () => undefined;
  });
  if (!taken)
    throw refusal(
      'ThrottlingException',
      `Grant ${grantId} allows ${limits.concurrency} invocations at a time, and as many are under way.`,
      { headers: { 'retry-after': '1' } },
    );
  passage.release = taken;
}

function circuitOpen({ alias, endpoint }: SubscriptionRecord, blockedForMs: number) {
  const seconds = Math.max(1, Math.ceil(blockedForMs / 1000));
  return refusal(
    'ServiceUnavailable',
    `Endpoint ${endpoint.name} behind alias ${alias} failed ${failuresUntilOpen} times in a row; the relay does not call it for ${seconds} s. The model did not run.`,
    {
      outcome: 'circuit-open',
      headers: { 'retry-after': String(seconds), 'x-sharemaker-circuit': 'open' },
    },
  );
}

const outputExtension = 'x-amzn-sagemaker-s3outputpathextension';

/** Results go under the grant's own prefix unless the caller says where else; there the share role may read them. */
function withOwnPrefix(
  { headers }: RelayRequest,
  { async }: SubscriptionRecord,
): Readonly<Record<string, string>> {
  if (!async || outputExtension in headers) return headers;
  return { ...headers, [outputExtension]: async.outputPathExtension };
}

/** The inference is under way already, so a failure here must not become a failed answer. */
async function rememberJob(
  { rawHeaders, body }: Extract<RuntimeAnswer, { kind: 'answer' }>,
  { alias, grantId }: SubscriptionRecord,
  { jobs, warn }: InvocationOptions,
): Promise<void> {
  const output = headerOf(rawHeaders, 'x-amzn-sagemaker-outputlocation');
  const failure = headerOf(rawHeaders, 'x-amzn-sagemaker-failurelocation');
  try {
    const { InferenceId } = JSON.parse(body.toString('utf8')) as { InferenceId?: string };
    if (!InferenceId || !output) return;
    await jobs.remember(alias, InferenceId, { grantId, output, ...(failure && { failure }) });
  } catch (error) {
    warn('Where a result will be could not be stored.', error);
  }
}
