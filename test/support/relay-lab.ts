/** The relay in process, between a stub of AWS and a caller that reads its answer as API Gateway would. */

import { PassThrough, type Writable } from 'node:stream';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { createDynamo } from '../../lib/relay/dynamodb.ts';
import { createHttp, type Departure } from '../../lib/relay/http.ts';
import { createRelay } from '../../lib/relay/relay.ts';
import { readRequest } from '../../lib/relay/request.ts';
import type { SubscriptionRecord } from '../../lib/relay/subscription.ts';
import {
  readSubscription,
  removeSubscription,
  writeSubscription,
} from '../../lib/relay/subscription-store.ts';
import type { Surroundings } from '../../lib/relay/surroundings.ts';
import { createSecrecy, type Secrecy } from './secrecy.ts';
import { type StubAws, startStubAws, stubTable } from './stub-aws.ts';

export const grantId = `grt_${'0'.repeat(25)}1`;
export const roleArn = `arn:aws:iam::111111111111:role/sharemaker/222222222222/sharemaker-${grantId}`;
export const caller = 'arn:aws:sts::222222222222:assumed-role/scoring/alice';

export interface LabAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Lab {
  readonly aws: StubAws;
  /** Usage and warnings, as printed. */
  readonly lines: Record<string, unknown>[];
  readonly surroundings: Surroundings;
  /** Moves the relay's clock; nothing waits for real. */
  advance(ms: number): void;
  now(): number;
  subscribe(change?: Partial<SubscriptionRecord>): Promise<SubscriptionRecord>;
  stored(alias: string): Promise<SubscriptionRecord | undefined>;
  remove(alias: string): Promise<boolean>;
  /** A relay that remembers nothing, as a cold start makes it; `environment` is added to its own. */
  coldStart(environment?: Readonly<Record<string, string>>): void;
  /** From now on DynamoDB does not answer. */
  breakTable(): Promise<void>;
  send(event?: EventChange, departure?: Departure, out?: Writable): Promise<LabAnswer>;
  /** Rejects when the relay printed a secret. */
  close(): Promise<void>;
}

export interface EventChange {
  readonly resource?: string;
  readonly alias?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer | string;
  readonly inferenceId?: string;
  readonly remainingMs?: number;
  readonly event?: Partial<APIGatewayProxyEvent>;
}

export async function openLab(): Promise<Lab> {
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  const aws = await startStubAws(now);
  const lines: Record<string, unknown>[] = [];
  let secrecy = createSecrecy();
  let requests = 0;
  const surroundings: Surroundings = {
    environment: aws.environment,
    now,
    timer: () => performance.now(),
    // Pauses take no time here, but they do pass on the relay's clock.
    wait: async (ms) => {
      offsetMs += ms;
    },
    random: () => 1,
    print(line) {
      secrecy.hear('relay', line);
      lines.push(JSON.parse(line) as Record<string, unknown>);
    },
  };
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' };
  const dynamo = createDynamo({
    ...surroundings,
    http: createHttp({ now }),
    region: 'us-east-1',
    credentials,
  });
  const table = { dynamo, table: stubTable };
  let invoke = createRelay(surroundings);
  return {
    aws,
    lines,
    surroundings,
    advance: (ms) => {
      offsetMs += ms;
    },
    now,
    async subscribe(change = {}) {
      const record = aSubscription({ offerUrl: `${aws.url}/offers/${grantId}`, ...change });
      if (!(await writeSubscription(table, record))) throw new Error(`alias ${record.alias} is taken`);
      return record;
    },
    stored: (alias) => readSubscription(table, alias),
    remove: (alias) => removeSubscription(table, alias),
    coldStart(environment = {}) {
      invoke = createRelay({ ...surroundings, environment: { ...aws.environment, ...environment } });
    },
    breakTable: aws.closeTables,
    async send(change = {}, departure = { isGone: false, onGone: undefined }, out = new PassThrough()) {
      const { remainingMs = 60_000 } = change;
      const event = anEvent(change);
      requests += 1;
      if (requests % requestsTogether === 0) {
        keepWhatWasReceived(secrecy, aws, 5 * requestsTogether);
        secrecy.search();
        secrecy = createSecrecy();
      }
      keepWhatIsSent(secrecy, event);
      const answer = await invoke(() => readRequest(event, { now: now(), remainingMs, departure }));
      const chunks: Buffer[] = [];
      try {
        if (typeof answer.body === 'function') {
          if (out instanceof PassThrough) out.on('data', (chunk: Buffer) => chunks.push(chunk));
          await answer.body(out);
        } else chunks.push(Buffer.from(answer.body));
        await answer.release?.();
      } finally {
        await answer.finish();
      }
      return { status: answer.status, headers: answer.headers, body: Buffer.concat(chunks) };
    },
    async close() {
      await aws.close();
      keepWhatWasReceived(secrecy, aws);
      secrecy.search();
    },
  };
}

/** So many requests are held against so many lines: tens of thousands against all would take minutes. */
const requestsTogether = 20;

/** Shorter values, such as `text/csv`, are no secret of anybody's. */
const headerCharactersMin = 12;

/** What a caller said, also where the relay refuses it. An event may be malformed in any way. */
function keepWhatIsSent({ keep }: Secrecy, event: APIGatewayProxyEvent): void {
  const { body, isBase64Encoded, headers, multiValueHeaders } = event;
  if (typeof body === 'string')
    keep('payload', Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').toString());
  for (const value of [headers, multiValueHeaders].flatMap((each) => Object.values(each ?? {}).flat()))
    if (typeof value === 'string' && value.length >= headerCharactersMin) keep('header', value);
}

/** All that the relay has and must not write. Of what SageMaker received, the newest where the rest was searched for before. */
function keepWhatWasReceived(
  { keep }: Secrecy,
  { environment, received }: StubAws,
  newestMax = Number.POSITIVE_INFINITY,
): void {
  keep('secret key', environment['AWS_SECRET_ACCESS_KEY'] ?? '');
  const newest = { ...received, sagemaker: received.sagemaker.slice(-newestMax) };
  for (const { headers } of Object.values(newest).flat())
    keep('session token', String(headers['x-amz-security-token'] ?? ''));
  for (const { body } of newest.sts)
    keep('external id', new URLSearchParams(body.toString()).get('ExternalId') ?? '');
  for (const { headers, body } of newest.sagemaker) {
    keep('payload', body.toString());
    keep('custom attributes', String(headers['x-amzn-sagemaker-custom-attributes'] ?? ''));
  }
}

export function aSubscription(change: Partial<SubscriptionRecord> = {}): SubscriptionRecord {
  return {
    alias: 'iris',
    grantId,
    roleArn,
    externalId: 'external-id-one',
    endpoint: { name: 'Iris-Classifier', region: 'us-east-1' },
    modes: ['sync', 'stream', 'async'],
    expiresAt: '2099-01-01T00:00:00.000Z',
    offerUrl: `https://abcdefghij.execute-api.us-east-1.amazonaws.com/dev/offers/${grantId}`,
    status: 'active',
    checkedAt: '2026-01-01T00:00:00.000Z',
    acceptedAt: '2026-01-01T00:00:00.000Z',
    acceptedBy: caller,
    version: 1,
    ...change,
  };
}

/** What get-offer says of the subscription above. */
export function anOffer(
  lab: { readonly aws: Pick<StubAws, 'url'> },
  change: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    version: 1,
    grantId,
    roleArn,
    externalId: 'external-id-one',
    childAccountId: '222222222222',
    endpoint: { name: 'Iris-Classifier', region: 'us-east-1' },
    modes: ['sync', 'stream', 'async'],
    expiresAt: '2099-01-01T00:00:00.000Z',
    offerUrl: `${lab.aws.url}/offers/${grantId}`,
    ...change,
  };
}

/** API Gateway's proxy event (version 1.0), as far as the relay reads it. */
export function anEvent(change: EventChange = {}): APIGatewayProxyEvent {
  const headers = Object.fromEntries(
    Object.entries({ 'Content-Type': 'text/csv', ...change.headers }).map(([name, value]) => [
      name,
      typeof value === 'string' ? [value] : [...value],
    ]),
  );
  return {
    resource: change.resource ?? '/endpoints/{alias}/invocations',
    path: '/endpoints/iris/invocations',
    httpMethod: 'POST',
    headers: Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.at(-1)])),
    multiValueHeaders: headers,
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: {
      alias: change.alias ?? 'iris',
      ...(change.inferenceId !== undefined && { inferenceId: change.inferenceId }),
    },
    stageVariables: null,
    requestContext: {
      identity: { accountId: '222222222222', userArn: caller },
    } as APIGatewayProxyEvent['requestContext'],
    body: Buffer.from(change.body ?? '5.1,3.5,1.4,0.2').toString('base64'),
    isBase64Encoded: true,
    ...change.event,
  };
}
