/**
 * Asynchronous inference: a request is taken at once, waits its turn, and its result or failure appears in S3
 * (SageMaker Developer Guide, "Asynchronous inference"). One model instance: one request of an endpoint at a time.
 */

import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AwsFault } from '../aws-fault.ts';
import type { S3 } from '../s3/s3.ts';
import type { Clock } from '../types.ts';
import type { Endpoint } from './endpoints.ts';
import type { Invocation } from './invocation.ts';
import { checkBody } from './invocation-headers.ts';
import { modelRequestOf, runModel } from './run-model.ts';
import { runtimeFault } from './runtime-faults.ts';
import { joinS3, parseS3Location } from './s3-location.ts';

export interface AsyncInference {
  /** Puts the request in the endpoint's queue. @throws AwsFault ValidationError */
  accept(invocation: Invocation, endpoint: Endpoint): AcceptedInference;
  /** When every accepted request has its result or failure. */
  settled(): Promise<void>;
  /** Gives up what runs and waits. */
  close(): void;
}

interface AcceptedInference {
  readonly inferenceId: string;
  /** `s3://…` */
  readonly outputLocation: string;
  /** Only where the endpoint has an S3FailurePath; without one failures are written nowhere. */
  readonly failureLocation?: string;
}

export function createAsyncInference({
  clock,
  s3,
}: {
  readonly clock: Clock;
  readonly s3: S3;
}): AsyncInference {
  const closing = new AbortController();
  /** Endpoint's ARN and creation → the end of its queue. */
  const queues = new Map<string, Promise<void>>();
  return {
    accept(invocation, endpoint) {
      checkSource(invocation);
      const accepted = placesOf(invocation, endpoint);
      const job = { invocation, endpoint, accepted, expiresAt: clock.now() + ttlMsOf(invocation) };
      const queue = `${endpoint.arn}#${endpoint.createdAt}`;
      // The turn is taken after the answer was given: nobody may rely on a result that is there before it.
      const turn = (queues.get(queue) ?? nextTurn()).then(() =>
        process(job, { clock, s3, signal: closing.signal }),
      );
      queues.set(queue, turn);
      void turn.then(() => queues.get(queue) === turn && queues.delete(queue));
      return accepted;
    },
    async settled() {
      while (queues.size > 0) await Promise.all(queues.values());
    },
    close: () => closing.abort(new Error('The sandbox is closing.')),
  };
}

interface Job {
  readonly invocation: Invocation;
  readonly endpoint: Endpoint;
  readonly accepted: AcceptedInference;
  /** Milliseconds since the epoch: after it the request is not begun any more. */
  readonly expiresAt: number;
}

interface Surroundings {
  readonly clock: Clock;
  readonly s3: S3;
  readonly signal: AbortSignal;
}

/** Never rejects: a failure is an object in S3. */
async function process(job: Job, { clock, s3, signal }: Surroundings): Promise<void> {
  const { invocation, endpoint, accepted, expiresAt } = job;
  if (signal.aborted) return;
  try {
    if (clock.now() > expiresAt)
      throw runtimeFault('ValidationError', 'The request waited longer than its RequestTTLSeconds.');
    const body = readBody(job, s3);
    const limitMs = Number(invocation.input.invocationTimeoutSeconds ?? 900) * 1000;
    const reply = await runModel(endpoint, { ...modelRequestOf(invocation), body }, { limitMs, signal });
    write(s3, endpoint, accepted.outputLocation, reply.body, reply.contentType);
  } catch (error) {
    if (signal.aborted) return;
    const text = error instanceof AwsFault ? error.message : 'The request could not be processed.';
    const { failureLocation } = accepted;
    // A failure that cannot be written either is lost, as it is in AWS.
    try {
      if (failureLocation) write(s3, endpoint, failureLocation, Buffer.from(text), 'text/plain');
    } catch {}
  }
}

/** SageMaker reads with the endpoint's own role: here one that may read the buckets of its own account. */
function readBody({ invocation, endpoint }: Job, s3: S3): Buffer {
  const { inputLocation } = invocation.input;
  if (inputLocation === undefined) return invocation.request.body;
  const location = parseS3Location(inputLocation);
  const isOwn = location && s3.ownerOf(location.bucket) === endpoint.accountId;
  const object = isOwn ? s3.get(location.bucket, location.key) : undefined;
  if (!object)
    throw runtimeFault(
      'ValidationError',
      'The InputLocation does not exist, or the endpoint may not read it.',
    );
  return object.body;
}

function write(s3: S3, endpoint: Endpoint, url: string, body: Buffer, contentType: string): void {
  const location = parseS3Location(url);
  if (!location || s3.ownerOf(location.bucket) !== endpoint.accountId)
    throw runtimeFault('ValidationError', 'The endpoint may not write to its output path.');
  s3.put(location.bucket, location.key, { body, contentType });
}

function checkSource({ input, request }: Invocation): void {
  const hasBody = request.body.length > 0;
  if (hasBody === (input.inputLocation !== undefined))
    throw runtimeFault(
      'ValidationError',
      hasBody
        ? 'Body and InputLocation are mutually exclusive: send one of them.'
        : 'Either Body or InputLocation must be given.',
    );
  checkBody(request.body, inlineBytesMax);
}

/** AWS does not say whether the path extension and the file name hold for failures; here they do, so that a caller's results stay together. */
function placesOf({ input }: Invocation, { async }: Endpoint): AcceptedInference {
  const fileId = randomUUID();
  const { s3OutputPathExtension: extension, filename } = input;
  const { s3OutputPath, s3FailurePath } = async ?? { s3OutputPath: '' };
  return {
    inferenceId: input.inferenceId ?? randomUUID(),
    outputLocation: joinS3(s3OutputPath, extension, filename ?? `${fileId}.out`),
    ...(s3FailurePath && {
      failureLocation: joinS3(
        s3FailurePath,
        extension,
        filename ? `${filename}-error.out` : `${fileId}-error.out`,
      ),
    }),
  };
}

function ttlMsOf({ input }: Invocation): number {
  return Number(input.requestTtlSeconds ?? 21_600) * 1000;
}

const inlineBytesMax = 128_000;
