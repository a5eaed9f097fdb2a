import { PublishCommand, type PublishCommandInput, SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMessaging, type Messaging } from '../../../sandbox/messaging/messaging.ts';
import type { AccessQuestion } from '../../../sandbox/types.ts';
import { aRequest, authorizeBy, parentAccount, serveService } from '../service-adapter.ts';

let isAllowed: (question: AccessQuestion) => boolean;
let messaging: Messaging;
let questions: AccessQuestion[];
let server: Awaited<ReturnType<typeof serveService>>;
let topicArn: string;

beforeEach(async () => {
  isAllowed = () => true;
  const access = authorizeBy((question) => isAllowed(question));
  questions = access.questions;
  messaging = createMessaging({ clock: { now: () => Date.UTC(2030, 0, 1) }, authorize: access.authorize });
  topicArn = messaging.createTopic(parentAccount, 'alerts');
  server = await serveService(messaging.snsService);
});
afterEach(() => server.close());

const publish = (changes: Partial<PublishCommandInput> = {}) =>
  new SNSClient(server.clientOf()).send(
    new PublishCommand({ TopicArn: topicArn, Message: 'the policy was widened', ...changes }),
  );

describe('Publish', () => {
  it('keeps the message as it was sent, markup and all', async () => {
    const Message = 'a < b & "c"\nünï';
    const answer = await publish({
      Message,
      Subject: 'Finding & remedy',
      MessageAttributes: { severity: { DataType: 'String', StringValue: 'high' } },
    });
    expect(messaging.published).toEqual([
      {
        kind: 'notification',
        id: answer.MessageId,
        at: '2030-01-01T00:00:00.000Z',
        accountId: parentAccount,
        topicArn,
        subject: 'Finding & remedy',
        message: Message,
        attributes: { severity: 'high' },
      },
    ]);
  });

  it('asks sns:Publish on the topic', async () => {
    await publish();
    expect(questions).toMatchObject([
      { action: 'sns:Publish', resource: topicArn, resourceAccountId: parentAccount },
    ]);
  });

  it('refuses with AuthorizationError 403, before it says whether the topic exists', async () => {
    isAllowed = () => false;
    await expect(publish({ TopicArn: `${topicArn}-gone` })).rejects.toMatchObject({
      name: 'AuthorizationErrorException',
      $metadata: { httpStatusCode: 403 },
      message: expect.stringContaining('is not authorized to perform: sns:Publish'),
    });
  });

  it('answers NotFound 404 for a topic that does not exist', async () => {
    await expect(publish({ TopicArn: `${topicArn}-gone` })).rejects.toMatchObject({
      name: 'NotFoundException',
      message: 'Topic does not exist',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it.each<[string, Partial<PublishCommandInput>, string]>([
    ['an empty message', { Message: '' }, 'Invalid parameter: Empty message'],
    ['a message over 256 KB', { Message: 'x'.repeat(256 * 1024 + 1) }, 'Invalid parameter: Message too long'],
    ['a subject with a line break', { Subject: 'two\nlines' }, 'Invalid parameter: Subject'],
    ['a subject over 100 characters', { Subject: 'x'.repeat(101) }, 'Invalid parameter: Subject'],
    [
      'what is no ARN',
      { TopicArn: 'alerts' },
      'Invalid parameter: TopicArn Reason: it is not the ARN of a topic',
    ],
    [
      'no topic',
      { TopicArn: undefined },
      'Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter',
    ],
  ])('refuses %s', async (_, changes, message) => {
    await expect(publish(changes)).rejects.toMatchObject({ name: 'InvalidParameterException', message });
    expect(messaging.published).toEqual([]);
  });

  it('is known by its API version among the services of its protocol', () => {
    const operationOf = (body: string) =>
      messaging.snsService.operationOf(aRequest({ body: Buffer.from(body) }));
    expect(operationOf('Action=Publish&Version=2010-03-31')).toBe('Publish');
    expect(operationOf('Action=AssumeRole&Version=2011-06-15')).toBeUndefined();
  });

  it('says that it has nothing else', async () => {
    const response = await messaging.snsService.handle(aRequest({ body: Buffer.from('Action=Subscribe') }));
    expect(response.status).toBe(400);
    expect(String(response.body)).toContain('<Code>InvalidAction</Code>');
  });
});
