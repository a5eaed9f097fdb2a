/** EventBridge and SNS of all accounts: what is published is kept to be looked at, and delivered nowhere. */

import type { Authorize, Clock, ControlRoutes, Service } from '../types.ts';
import { createEventBridge } from './event-bridge.ts';
import { createSns } from './sns.ts';

export interface Messaging {
  readonly eventBridgeService: Service;
  readonly snsService: Service;
  /** Oldest first; the newest 10,000. */
  readonly published: readonly PublishedMessage[];
  readonly controlRoutes: ControlRoutes;
  /** Answers the bus's ARN. Every account and region has the bus `default` without asking. */
  createBus(accountId: string, name: string, region?: string): string;
  /** Answers the topic's ARN. */
  createTopic(accountId: string, name: string, region?: string): string;
}

type PublishedMessage = PublishedEvent | PublishedNotification;

export interface PublishedEvent {
  readonly kind: 'event';
  readonly id: string;
  /** ISO 8601, by the sandbox's clock. */
  readonly at: string;
  /** Who published. */
  readonly accountId: string;
  readonly busArn: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources: readonly string[];
}

export interface PublishedNotification {
  readonly kind: 'notification';
  readonly id: string;
  readonly at: string;
  readonly accountId: string;
  readonly topicArn: string;
  readonly subject?: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface MessagingOptions {
  readonly clock: Clock;
  readonly authorize: Authorize;
}

export function createMessaging({ clock, authorize }: MessagingOptions): Messaging {
  const published: PublishedMessage[] = [];
  const buses = new Set<string>();
  const topics = new Set<string>();
  const publish = (message: PublishedMessage) => {
    published.push(message);
    if (published.length > publishedMax) published.splice(0, published.length - publishedMax);
  };
  return {
    eventBridgeService: createEventBridge({ clock, authorize, publish, hasBus: (arn) => buses.has(arn) }),
    snsService: createSns({ clock, authorize, publish, hasTopic: (arn) => topics.has(arn) }),
    published,
    controlRoutes: {
      'GET /messages': ({ query }) => {
        const kind = query.get('kind');
        return { messages: published.filter((message) => !kind || message.kind === kind) };
      },
      'DELETE /messages': () => {
        published.length = 0;
        return { messages: [] };
      },
    },
    createBus(accountId, name, region = 'us-east-1') {
      const arn = `arn:aws:events:${region}:${accountId}:event-bus/${name}`;
      buses.add(arn);
      return arn;
    },
    createTopic(accountId, name, region = 'us-east-1') {
      const arn = `arn:aws:sns:${region}:${accountId}:${name}`;
      topics.add(arn);
      return arn;
    },
  };
}

const publishedMax = 10_000;
