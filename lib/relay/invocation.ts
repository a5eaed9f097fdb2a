/** From a request to SageMaker's answer: who may, with which session, how often, and what is counted. */

import { sourceIdentityOf } from '../contract/source-identity.ts';
import { refusalOf } from './admission.ts';
import type { AsyncBroker, TakeSession } from './async.ts';
import type { AsyncJobs } from './async-jobs.ts';
import { type AttemptsOptions, type SessionKey, sendUntilAnswered } from './attempts.ts';
import { AwsError, isThrottle } from './aws-error.ts';
import { type Breaker, failuresUntilOpen } from './breaker.ts';
import type { Slots } from './concurrency.ts';
import { type Answer, carried, relayed } from './delivery.ts';
import { errorAnswer, outcomeOf, refusal } from './errors.ts';
import { HttpFailure } from './http.ts';
import { answerWithinMs } from './limits.ts';
import { begin, type Passage, timingHeaders } from './passage.ts';
import { refusalOfAny, refusalOfRuntime } from './refusals.ts';
import { type RelayRequest, unknownAlias } from './request.ts';
import { attemptsMax } from './retry.ts';
import type { RuntimeAnswer } from './runtime.ts';
import type { SubscriptionRecord } from './subscription.ts';
import type { SubscriptionCache } from './subscription-cache.ts';

export interface RelayAnswer extends Answer {
  /**
   * To be called when the body is written, before the answer ends: whoever then sends the next request finds its slot
   * free. Does not reject.
   */
  readonly release?: (() => Promise<unknown>) | undefined;
  /** To be called when the last byte is written: counts the invocation. Does not reject. */
  readonly finish: () => Promise<void>;
}

export interface InvocationOptions extends AttemptsOptions {
  readonly subscriptions: SubscriptionCache;
  readonly slots: Slots;
  readonly breaker: Breaker;
  readonly broker: AsyncBroker;
  readonly jobs: AsyncJobs;
  /** Called once, at the end, with the timer's reading then. What it answers settles when it is counted. */
  readonly count: (passage: Passage, endedAt: number) => unknown;
  readonly warn: (message: string, error: unknown) => unknown;
}

/** Reads the request and answers it. Never rejects: whatever fails becomes an answer in SageMaker's shape. */
export type Invoke = (read: () => RelayRequest) => Promise<RelayAnswer>;

const renewalMsMax = 300;

type Verdict = Parameters<Breaker['record']>[1];

/** What a stream that did not end well says of the endpoint. Only its end tells: every stream begins with status 200. */
const streamVerdicts: Readonly<Record<string, Verdict>> = {
  'stream-broken': 'failed',
  timeout: 'failed',
  'client-left': 'unknown',
};

export function createInvoke(options: InvocationOptions): Invoke {
  const { broker, breaker, timer, now, count, warn, sessions, wait } = options;

  const answer = async (passage: Passage, read: () => RelayRequest): Promise<Answer> => {
    try {
      const request = read();
      passage.request = request;
      const subscription = await admit(passage, request, options);
      const key = sessionKey(request, subscription);
      const session: TakeSession = (refused) => {
        if (refused) sessions.forget(key, refused);
        return sessions.get(key);
      };
      switch (request.route) {
        case 'asyncUpload':
          return await broker.offerUpload(subscription, session);
        case 'asyncResult': {
          const { body, ...head } = await broker.readResult(subscription, request.inferenceId, session);
          return { ...head, body: typeof body === 'string' ? body : carried(body, passage, request, now) };
        }
        default:
          return relayed(await predict(passage, request, key, options), passage, request, now);
      }
    } catch (error) {
      const refused = refusalOfAny(error, 'request' in passage);
      passage.outcome = refused.outcome;
      if (refused.cause !== undefined) warn(refused.message, refused.cause);
      return errorAnswer(refused);
    }
  };

  return async (read) => {
    const passage = begin(timer());
    const { status, headers, body } = await answer(passage, read);
    const { slot } = passage;
    passage.status = status;
    if (typeof body !== 'function') passage.bytesOut = Buffer.byteLength(body);
    return {
      status,
      headers: { ...headers, ...timingHeaders(passage, timer()) },
      body,
      release: slot && (() => slot.release().catch((error: unknown) => warn('slot not freed', error))),
      async finish() {
        if (passage.streamOf) breaker.record(passage.streamOf, streamVerdicts[passage.outcome] ?? 'answered');
        await count(passage, timer());
        const renewing = sessions.renewing();
        // Lambda may freeze the environment next, with a renewal half done.
        if (renewing) await Promise.race([renewing, wait(renewalMsMax)]);
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
  const current = (await renew(known)) ?? known;
  const refused = refusalOf(current, request, now());
  if (refused) throw refused;
  return current;
}

async function predict(
  passage: Passage,
  request: RelayRequest,
  key: SessionKey,
  options: InvocationOptions,
): Promise<RuntimeAnswer> {
  const { attempts } = passage;
  const { subscription } = key;
  const { breaker, jobs, warn } = options;
  const { grantId } = subscription;
  const blockedForMs = breaker.blockedForMs(grantId);
  if (blockedForMs !== undefined) throw circuitOpen(subscription, blockedForMs);
  let result: Verdict = 'unknown';
  try {
    await takeSlot(passage, request, subscription, options);
    const headers = request.mode === 'async' ? withOwnPrefix(request, subscription) : request.headers;
    const answer = await sendUntilAnswered(request, key, headers, attempts, options);
    // 424 is the model's verdict on one input, unless it gave none; 429 and 400 say that somebody is at home.
    // A stream has only begun, and others need not wait for its end to try.
    if (answer.kind === 'stream') passage.streamOf = grantId;
    else result = answer.status >= 500 || hasTimedOut(answer) ? 'failed' : 'answered';
    if (answer.kind === 'error') passage.outcome = outcomeOf(answer.errorCode, answer.status);
    if (request.mode === 'async' && answer.kind === 'answer')
      // The inference is under way already, so a failure here must not become a failed answer.
      await jobs
        .remember(subscription, headers, answer)
        .catch((error: unknown) => warn('output location not stored', error));
    return answer;
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    if (error.kind !== 'gone') result = 'failed';
    throw refusalOfRuntime(error, subscription, attempts.modelMs);
  } finally {
    breaker.record(grantId, result);
  }
}

/** SageMaker waited for the model in vain: a ModelError with no status of the model's own. */
function hasTimedOut(answer: RuntimeAnswer): boolean {
  return answer.kind === 'error' && /"OriginalStatusCode"\s*:\s*0\b/.test(answer.body.toString('latin1'));
}

function sessionKey(request: RelayRequest, subscription: SubscriptionRecord): SessionKey {
  const sourceIdentity = subscription.recordCaller ? sourceIdentityOf(request.caller) : undefined;
  return { subscription, sourceIdentity };
}

/** A cap is the owner's wish, kept as well as can be: where slots cannot be counted, the request passes. */
async function takeSlot(
  passage: Passage,
  { mode, deadlineAt }: RelayRequest,
  { grantId, limits }: SubscriptionRecord,
  { slots, now, warn }: InvocationOptions,
): Promise<void> {
  if (!limits) return;
  const untilMs = Math.min(deadlineAt, now() + attemptsMax * answerWithinMs[mode]);
  const slot = slots.take(grantId, limits.concurrency, untilMs);
  passage.slot = slot;
  const mayPass = await slot.isTaken.catch((error: unknown) => {
    warn('slots not counted', error);
    // So many ask at once that their number itself is too large.
    return !(error instanceof AwsError && isThrottle(error.name));
  });
  if (!mayPass)
    throw refusal(
      'ThrottlingException',
      `Grant ${grantId} allows ${limits.concurrency} invocations at a time, all under way.`,
      { headers: { 'retry-after': '1' } },
    );
}

function circuitOpen({ endpoint }: SubscriptionRecord, blockedForMs: number) {
  const seconds = Math.ceil(blockedForMs / 1000);
  return refusal(
    'ServiceUnavailable',
    `Endpoint ${endpoint.name} failed ${failuresUntilOpen} times in a row; for ${seconds} s nothing is sent.`,
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
