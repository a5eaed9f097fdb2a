import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMessaging, type Messaging } from '../../../sandbox/messaging/messaging.ts';
import type { AccessQuestion } from '../../../sandbox/types.ts';
import { aRequest, authorizeBy, childAccount, parentAccount, serveService } from '../service-adapter.ts';

let isAllowed: (question: AccessQuestion) => boolean;
let messaging: Messaging;
let questions: AccessQuestion[];
let server: Awaited<ReturnType<typeof serveService>>;
let events: EventBridgeClient;

beforeEach(async () => {
  isAllowed = () => true;
  const access = authorizeBy((question) => isAllowed(question));
  questions = access.questions;
  messaging = createMessaging({ clock: { now: () => Date.UTC(2030, 0, 1) }, authorize: access.authorize });
  messaging.createBus(parentAccount, 'grants');
  server = await serveService(messaging.eventBridgeService);
  events = new EventBridgeClient(server.clientOf());
});
afterEach(() => server.close());

const anEntry = (changes: PutEventsRequestEntry = {}): PutEventsRequestEntry => ({
  EventBusName: 'grants',
  Source: 'sharemaker',
  DetailType: 'grant.activated',
  Detail: '{"id":"grt_1"}',
  ...changes,
});
const put = (...Entries: PutEventsRequestEntry[]) => events.send(new PutEventsCommand({ Entries }));

describe('PutEvents', () => {
  it('keeps the event, with the time of the sandbox and who published it', async () => {
    const answer = await put(anEntry({ Resources: ['arn:aws:iam::111111111111:role/x'] }));
    expect(answer.FailedEntryCount).toBe(0);
    expect(messaging.published).toEqual([
      {
        kind: 'event',
        id: answer.Entries?.[0]?.EventId,
        at: '2030-01-01T00:00:00.000Z',
        accountId: parentAccount,
        busArn: 'arn:aws:events:us-east-1:111111111111:event-bus/grants',
        source: 'sharemaker',
        detailType: 'grant.activated',
        detail: { id: 'grt_1' },
        resources: ['arn:aws:iam::111111111111:role/x'],
      },
    ]);
  });

  it('fails one entry and takes the others', async () => {
    const answer = await put(anEntry(), anEntry({ Source: '' }), anEntry({ Detail: '"text"' }), anEntry());
    expect(answer.FailedEntryCount).toBe(2);
    expect(answer.Entries?.map((entry) => entry.ErrorCode)).toEqual([
      undefined,
      'InvalidArgument',
      'MalformedDetail',
      undefined,
    ]);
    expect(answer.Entries?.[1]?.ErrorMessage).toBe(
      'Parameter Source is not valid. Reason: Source is a required argument.',
    );
    expect(messaging.published).toHaveLength(2);
  });

  it.each([
    ['DetailType', { DetailType: '' }, 'InvalidArgument'],
    ['Detail', { Detail: '' }, 'InvalidArgument'],
    ['a detail that is an array', { Detail: '[]' }, 'MalformedDetail'],
    ['a source of AWS', { Source: 'aws.sagemaker' }, 'NotAuthorizedForSourceException'],
  ])('fails an entry for its %s', async (_, changes, code) => {
    const answer = await put(anEntry(changes));
    expect(answer.Entries?.[0]?.ErrorCode).toBe(code);
    expect(messaging.published).toEqual([]);
  });

  it('answers an id for a bus that does not exist, and drops the event, as EventBridge does', async () => {
    const answer = await put(anEntry({ EventBusName: 'nobody' }));
    expect(answer).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] });
    expect(messaging.published).toEqual([]);
  });

  it('has a default bus in every account', async () => {
    await new EventBridgeClient(server.clientOf(childAccount)).send(
      new PutEventsCommand({ Entries: [{ ...anEntry(), EventBusName: undefined }] }),
    );
    expect(messaging.published).toMatchObject([
      { busArn: 'arn:aws:events:us-east-1:222222222222:event-bus/default' },
    ]);
  });

  it('asks events:PutEvents once per bus, of the account that owns it', async () => {
    await put(
      anEntry(),
      anEntry(),
      anEntry({ EventBusName: 'arn:aws:events:us-east-1:222222222222:event-bus/theirs' }),
    );
    expect(
      questions.map(({ action, resource, resourceAccountId }) => [action, resource, resourceAccountId]),
    ).toEqual([
      ['events:PutEvents', 'arn:aws:events:us-east-1:111111111111:event-bus/grants', '111111111111'],
      ['events:PutEvents', 'arn:aws:events:us-east-1:222222222222:event-bus/theirs', '222222222222'],
    ]);
  });

  it('publishes nothing when one of the buses is shut', async () => {
    isAllowed = ({ resource }) => !resource.endsWith('/grants');
    await expect(put(anEntry({ EventBusName: 'default' }), anEntry())).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        'is not authorized to perform: events:PutEvents on resource: arn:aws:events:us-east-1:111111111111:event-bus/grants',
      ),
    });
    expect(messaging.published).toEqual([]);
  });

  it.each([
    ['no entry', []],
    ['eleven entries', Array.from({ length: 11 }, () => anEntry())],
    ['more than the total size', [anEntry({ Detail: JSON.stringify({ text: 'x'.repeat(256 * 1024) }) })]],
    ['a bus name with a space', [anEntry({ EventBusName: 'my bus' })]],
  ])('refuses %s', async (_, entries) => {
    await expect(put(...entries)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it.each(['not json', '[]', '{"Entries":[1]}'])('refuses the body %s', async (body) => {
    const response = await messaging.eventBridgeService.handle(
      aRequest({ headers: { 'x-amz-target': 'AWSEvents.PutEvents' }, body: Buffer.from(body) }),
    );
    expect(response.status).toBe(400);
  });

  it('says that it has nothing else', async () => {
    const response = await messaging.eventBridgeService.handle(
      aRequest({ headers: { 'x-amz-target': 'AWSEvents.PutRule' } }),
    );
    expect(response).toMatchObject({
      status: 400,
      headers: { 'x-amzn-errortype': 'UnknownOperationException' },
    });
  });
});

describe('control', () => {
  const call = (query = '') => ({ params: {}, query: new URLSearchParams(query), body: {} });

  it('lists messages, of one kind if asked, and forgets them', async () => {
    await put(anEntry());
    const routes = messaging.controlRoutes;
    expect(await routes['GET /messages']?.(call())).toEqual({ messages: messaging.published });
    expect(await routes['GET /messages']?.(call('kind=notification'))).toEqual({ messages: [] });
    await routes['DELETE /messages']?.(call());
    expect(messaging.published).toEqual([]);
  });

  it('keeps the newest 10,000', async () => {
    const Entries = Array.from({ length: 10 }, () => anEntry());
    const body = Buffer.from(JSON.stringify({ Entries }));
    for (let n = 0; n < 1001; n++)
      await messaging.eventBridgeService.handle(
        aRequest({ headers: { 'x-amz-target': 'AWSEvents.PutEvents' }, body }),
      );
    expect(messaging.published).toHaveLength(10_000);
  });
});
