/** A parent account in process, with everything an audit works with: the sandbox's services without sockets, the audit's own role. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SNSClient } from '@aws-sdk/client-sns';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { connectAuditStore } from '../../lib/audit/audit-store.ts';
import type { Auditor } from '../../lib/audit/auditor.ts';
import { connectAlerts } from '../../lib/audit/connect-alerts.ts';
import { connectInventory } from '../../lib/audit/inventory.ts';
import type { UnusedRules } from '../../lib/audit/use.ts';
import type { ConnectedBroker } from '../../lib/grant/connect-broker.ts';
import { connectEndpoints } from '../../lib/grant/endpoints.ts';
import { connectAnnouncer } from '../../lib/grant/events.ts';
import { connectGrantStore } from '../../lib/grant/grant-store.ts';
import { connectProber } from '../../lib/grant/probe.ts';
import { connectShareRole } from '../../lib/grant/share-role.ts';
import { createClock, type SandboxClock } from '../../sandbox/clock.ts';
import { createDynamoDb } from '../../sandbox/dynamodb/dynamodb.ts';
import { createFront } from '../../sandbox/front/front.ts';
import { createRequestHandler } from '../../sandbox/front/request-handler.ts';
import { createIam } from '../../sandbox/iam/iam.ts';
import { createMessaging, type Messaging } from '../../sandbox/messaging/messaging.ts';
import { createS3 } from '../../sandbox/s3/s3.ts';
import { createSageMaker, type SageMaker } from '../../sandbox/sagemaker/sagemaker.ts';
import { readStack } from '../../sandbox/stack/stack.ts';
import type { Front, Iam } from '../../sandbox/types.ts';

export const parentId = '111111111111';
export const childId = '222222222222';
const region = 'us-east-1';

export interface ParentAccount {
  readonly clock: SandboxClock;
  readonly iam: Iam;
  readonly front: Front;
  readonly sageMaker: SageMaker;
  readonly published: Messaging['published'];
  readonly boundaryArn: string;
  readonly proberRoleArn: string;
  /** A new process each time: nothing is shared with another one but what AWS keeps. */
  auditor(options?: AuditorOptions): Auditor;
  /** Of the parent's admin. */
  readonly adminIam: IAMClient;
  readonly adminDynamo: DynamoDBDocumentClient;
  readonly grantsTable: string;
  close(): void;
}

export interface AuditorOptions {
  readonly unused?: UnusedRules;
  /** The process is killed when this call to AWS was carried out, before its answer arrives; 1 is the first. */
  readonly killedAfter?: number;
  readonly onCall?: () => void;
}

/** What a killed process sees of AWS: nothing any more. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

export async function openParent(options: { readonly rolesQuota?: number } = {}): Promise<ParentAccount> {
  const clock = createClock();
  const iam = createIam({ clock });
  const { authorize } = iam;
  iam.addAccount(parentId, options);
  iam.addAccount(childId);
  const adminKeys = { accessKeyId: 'AKIAADMINADMINADMIN2', secretAccessKey: 'of-nobody-but-this-process' };
  const managedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
  iam.seedUser(parentId, { name: 'admin', credentials: adminKeys, managedPolicyArns });

  const s3 = createS3({ clock, authorize });
  const dynamoDb = createDynamoDb({ authorize });
  const messaging = createMessaging({ clock, authorize });
  const sageMaker = createSageMaker({ clock, authorize, s3 });
  const front = createFront({
    clock,
    iam,
    services: [
      iam.iamService,
      iam.stsService,
      dynamoDb.service,
      sageMaker.service,
      messaging.eventBridgeService,
      messaging.snsService,
    ],
    control: {},
  });
  const requestHandler = createRequestHandler(front);

  const stack = readStack({ account: 'parent', accountId: parentId, region });
  for (const policy of stack.managedPolicies) iam.seedManagedPolicy(parentId, policy);
  for (const role of stack.roles) iam.seedRole(parentId, role);
  for (const name of stack.eventBuses) messaging.createBus(parentId, name, region);
  for (const name of stack.topics) messaging.createTopic(parentId, name, region);
  for (const table of stack.tables) await dynamoDb.createTable(parentId, region, table);
  for (const name of ['Iris-Classifier', 'puppet'])
    sageMaker.addEndpoint({ accountId: parentId, name, model: 'puppet' });

  const lambda = stack.functions.find(({ key }) => key === 'audit-grants');
  if (!lambda) throw new Error('The stack has no audit-grants.');
  const read = (name: string) => lambda.environment[name] ?? '';
  const config = (credentials: object, handler = requestHandler) => ({
    region,
    endpoint: 'http://127.0.0.1',
    requestHandler: handler,
    credentials: credentials as never,
  });

  const mortal = ({ killedAfter = Number.POSITIVE_INFINITY, onCall }: AuditorOptions) => {
    let calls = 0;
    const handle: typeof requestHandler.handle = async (request, options) => {
      if (calls >= killedAfter) throw new Killed();
      calls++;
      const answer = await requestHandler.handle(request, options);
      onCall?.();
      if (calls >= killedAfter) throw new Killed();
      return answer;
    };
    return { ...requestHandler, handle };
  };

  /** As Lambda does, keys of the execution role, renewed before they expire by the account's clock. */
  const roleKeys = () => {
    let session: ReturnType<Iam['serviceSession']> | undefined;
    return async () => {
      if (!session || (session.expiresAt ?? 0) < clock.now() + 600_000)
        session = iam.serviceSession(lambda.roleArn, 'audit', 3600);
      const { expiresAt: _byTheClock, ...keys } = session;
      // The SDK goes by the real clock: let it ask every time.
      return { ...keys, expiration: new Date() };
    };
  };

  const auditor = (options: AuditorOptions = {}): Auditor => {
    const handler = mortal(options);
    const own = config(roleKeys(), handler);
    const time = {
      now: clock.now,
      sleep: async (ms: number) => {
        clock.advance(ms);
      },
    };
    const dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(own));
    const broker: ConnectedBroker = {
      region,
      parentAccountId: parentId,
      asyncBucket: read('ASYNC_BUCKET'),
      proberRoleArn: read('PROBER_ROLE_ARN'),
      clock: time,
      store: connectGrantStore(dynamo, read('GRANTS_TABLE')),
      endpoints: connectEndpoints((inRegion) => new SageMakerClient({ ...own, region: inRegion }), region),
      shareRole: connectShareRole(new IAMClient(own), read('BOUNDARY_ARN')),
      prober: connectProber({
        region,
        proberRoleArn: read('PROBER_ROLE_ARN'),
        sts: own,
        runtime: { endpoint: own.endpoint, requestHandler: handler },
        now: clock.now,
      }),
      announce: connectAnnouncer(new EventBridgeClient(own), read('EVENT_BUS_NAME')),
      newHolder: () => crypto.randomUUID(),
    };
    return {
      broker,
      boundaryArn: read('BOUNDARY_ARN'),
      unused: options.unused ?? {},
      inventory: connectInventory(new IAMClient(own), clock.now),
      audits: connectAuditStore(dynamo, read('AUDITS_TABLE')),
      alerts: connectAlerts({
        events: new EventBridgeClient(own),
        busName: read('EVENT_BUS_NAME'),
        sns: new SNSClient(own),
        topicArn: read('ALERTS_TOPIC_ARN'),
      }),
    };
  };

  return {
    clock,
    iam,
    front,
    sageMaker,
    published: messaging.published,
    boundaryArn: read('BOUNDARY_ARN'),
    proberRoleArn: read('PROBER_ROLE_ARN'),
    auditor,
    adminIam: new IAMClient(config(adminKeys)),
    adminDynamo: DynamoDBDocumentClient.from(new DynamoDBClient(config(adminKeys)), {
      marshallOptions: { removeUndefinedValues: true },
    }),
    grantsTable: read('GRANTS_TABLE'),
    close() {
      sageMaker.close();
      dynamoDb.close();
    },
  };
}
