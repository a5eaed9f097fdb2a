import { randomUUID } from 'node:crypto';
import { create } from 'xmlbuilder2';
import { AwsFault } from '../aws-fault.ts';
import type { Authorize, AwsError, Clock, Service, ServiceRequest, ServiceResponse } from '../types.ts';
import type { PublishedNotification } from './messaging.ts';

/** SNS's Publish, in the AWS query protocol (SNS API Reference, "Publish"). */
export function createSns(options: {
  readonly clock: Clock;
  readonly authorize: Authorize;
  readonly hasTopic: (arn: string) => boolean;
  readonly publish: (notification: PublishedNotification) => void;
}): Service {
  return {
    scopes: ['sns'],
    operationOf({ body }) {
      const input = new URLSearchParams(body.toString('utf8'));
      return input.get('Version') === apiVersion ? (input.get('Action') ?? undefined) : undefined;
    },
    async handle(request) {
      try {
        return publishMessage(request, options);
      } catch (error) {
        if (error instanceof AwsFault) return xmlError(error, request.id);
        throw error;
      }
    },
    error: xmlError,
  };
}

function publishMessage(
  request: ServiceRequest,
  { clock, authorize, hasTopic, publish }: Parameters<typeof createSns>[0],
): ServiceResponse {
  const input = new URLSearchParams(request.body.toString('utf8'));
  if (input.get('Action') !== 'Publish')
    throw new AwsFault('InvalidAction', 400, 'The sandbox has Publish only.');
  const topicArn = readTopicArn(input.get('TopicArn') ?? input.get('TargetArn'));
  const answer = authorize({
    request,
    action: 'sns:Publish',
    resource: topicArn,
    resourceAccountId: topicArn.split(':')[4] ?? request.caller.accountId,
  });
  if (!answer.allowed) throw new AwsFault('AuthorizationError', 403, answer.message);
  const { message, subject } = readMessage(input);
  if (!hasTopic(topicArn)) throw new AwsFault('NotFound', 404, 'Topic does not exist');
  const id = randomUUID();
  publish({
    kind: 'notification',
    id,
    at: new Date(clock.now()).toISOString(),
    accountId: request.caller.accountId,
    topicArn,
    ...(subject !== null && { subject }),
    message,
    attributes: readAttributes(input),
  });
  return xml(
    200,
    {
      PublishResponse: {
        '@xmlns': namespace,
        PublishResult: { MessageId: id },
        ResponseMetadata: { RequestId: request.id },
      },
    },
    request.id,
  );
}

function readTopicArn(arn: string | null): string {
  if (arn === null) throw invalid('TopicArn or TargetArn Reason: no value for required parameter');
  if (!/^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/.test(arn))
    throw invalid('TopicArn Reason: it is not the ARN of a topic');
  return arn;
}

function readMessage(input: URLSearchParams) {
  const message = input.get('Message') ?? '';
  const subject = input.get('Subject');
  if (message === '') throw invalid('Empty message');
  if (Buffer.byteLength(message) > messageBytesMax) throw invalid('Message too long');
  // "Subjects must be ASCII text … must not include line breaks or control characters … less than 100 characters long."
  if (subject !== null && !/^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(subject)) throw invalid('Subject');
  return { message, subject };
}

/** `MessageAttributes.entry.1.Name`, `….Value.StringValue`; at most the ten that Publish takes. */
function readAttributes(input: URLSearchParams): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (let n = 1; n <= 10; n++) {
    const name = input.get(`MessageAttributes.entry.${n}.Name`);
    if (name === null) break;
    attributes[name] = input.get(`MessageAttributes.entry.${n}.Value.StringValue`) ?? '';
  }
  return attributes;
}

function xmlError({ code, status, message }: AwsError, requestId: string): ServiceResponse {
  const Type = status < 500 ? 'Sender' : 'Receiver';
  return xml(
    status,
    {
      ErrorResponse: {
        '@xmlns': namespace,
        Error: { Type, Code: code, Message: message },
        RequestId: requestId,
      },
    },
    requestId,
  );
}

function xml(status: number, document: object, requestId: string): ServiceResponse {
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: create({ encoding: 'UTF-8' }, document).end(),
  };
}

function invalid(reason: string): AwsFault {
  return new AwsFault('InvalidParameter', 400, `Invalid parameter: ${reason}`);
}

/** Tells SNS from the other services of the query protocol. */
const apiVersion = '2010-03-31';
const namespace = `http://sns.amazonaws.com/doc/${apiVersion}/`;
const messageBytesMax = 256 * 1024;
