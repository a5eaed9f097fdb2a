/**
 * The parent's broker and everybody's calls in one process: the sandbox's IAM, STS, DynamoDB, SageMaker and EventBridge
 * without sockets or workers, on a clock that the test moves. The broker's code runs over real SDK clients with the keys
 * of the execution role that stack.yml gives to the function whose work it does, so a missing permission fails here too.
 */

import { GetAccountAuthorizationDetailsCommand, IAMClient } from '@aws-sdk/client-iam';
import { advanceDue } from '../../lib/grant/advance-due.ts';
import type { GrantRecord } from '../../lib/grant/grant.ts';
import { fromItem, type GrantItem } from '../../lib/grant/grant-item.ts';
import { createDynamoDb } from '../../sandbox/dynamodb/dynamodb.ts';
import { createFront } from '../../sandbox/front/front.ts';
import { createIam } from '../../sandbox/iam/iam.ts';
import { createMessaging, type Messaging } from '../../sandbox/messaging/messaging.ts';
import type { PolicyDocument } from '../../sandbox/policy/document.ts';
import { createS3 } from '../../sandbox/s3/s3.ts';
import { createSageMaker, type SageMaker } from '../../sandbox/sagemaker/sagemaker.ts';
import { readStack, type Stack } from '../../sandbox/stack/stack.ts';
import type { Credentials, Front, Iam, Service } from '../../sandbox/types.ts';
import { clientConfig, type ProcessOptions, region, startProcess, type TestBroker } from './grant-process.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { createMemoryTable, type MemoryTable } from './memory-table.ts';

export const parentId = '111111111111';
export const childId = '222222222222';
export const outsiderId = '333333333333';
export const otherChildId = '444444444444';

export interface GrantWorld {
  readonly clock: ManualClock;
  readonly iam: Iam;
  readonly front: Front;
  readonly sageMaker: SageMaker;
  readonly messaging: Messaging;
  readonly stack: Stack;
  /** What stack.yml gives to advance-grants. */
  readonly environment: Readonly<Record<string, string>>;
  readonly grants: MemoryTable;
  /** One life of one Lambda. */
  start(options?: ProcessOptions): TestBroker;
  /** The record as it is stored, past every worker. Throws when there is none. */
  read(id: string): GrantRecord;
  find(id: string): GrantRecord | undefined;
  /** Runs the minute schedule until nothing is due within the hour, or so many minutes have passed. */
  runSchedule(minutesMax?: number, broker?: TestBroker): Promise<void>;
  /** What an SDK client needs to be the IAM user `admin` of an account. */
  admin(accountId: string): ClientConfig;
  /** What an SDK client needs to be whoever holds these keys. */
  as(keys: Keys): ClientConfig;
  /** The keys of a function's execution role. @param operation such as `advance-grants` */
  keysOf(operation: string): Credentials;
  /** The share roles that stand in IAM now, by name. */
  shareRoles(): Promise<ReadonlyMap<string, StandingRole>>;
  close(): void;
}

export type Keys = Pick<Credentials, 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>;
export type ClientConfig = ReturnType<typeof clientConfig>;

export interface StandingRole {
  readonly trust: PolicyDocument;
  readonly inline: Readonly<Record<string, PolicyDocument>>;
  readonly attached: readonly string[];
  readonly boundaryArn: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** `memory`: no DynamoDB at all is started. */
export async function createGrantWorld({
  tables = 'memory',
}: Pick<ProcessOptions, 'tables'> = {}): Promise<GrantWorld> {
  const clock = createManualClock('2027-01-01T00:00:00.000Z');
  const iam = createIam({ clock });
  const { authorize } = iam;
  const s3 = createS3({ clock, authorize });
  const dynamoDb = createDynamoDb({ authorize });
  const messaging = createMessaging({ clock, authorize });
  const sageMaker = createSageMaker({ clock, authorize, s3 });
  const services: Service[] = [
    iam.iamService,
    iam.stsService,
    dynamoDb.service,
    sageMaker.service,
    s3.service,
    messaging.eventBridgeService,
  ];
  const front = createFront({ clock, iam, services, control: {} });

  for (const accountId of [parentId, childId, outsiderId, otherChildId]) {
    iam.addAccount(accountId, { orgId: accountId === outsiderId ? 'o-elsewhere00' : 'o-sharemaker' });
    iam.seedUser(accountId, {
      name: 'admin',
      credentials: adminKeys(accountId),
      managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'],
    });
  }
  const stack = parentStack();
  for (const policy of stack.managedPolicies) iam.seedManagedPolicy(parentId, policy);
  for (const role of stack.roles) iam.seedRole(parentId, role);
  for (const bus of stack.eventBuses) messaging.createBus(parentId, bus, region);
  for (const bucket of stack.buckets) s3.createBucket(parentId, bucket, { region });
  const grantsTable = stack.tables.find(({ TableName }) => TableName.endsWith('-grants'));
  if (!grantsTable) throw new Error('stack.yml has no table of grants.');
  if (tables === 'sandbox') await dynamoDb.createTable(parentId, region, grantsTable);
  const hashAndRange = grantsTable.GlobalSecondaryIndexes?.map(
    ({ IndexName, KeySchema }) =>
      [IndexName, [KeySchema[0]?.AttributeName ?? '', KeySchema[1]?.AttributeName ?? '']] as const,
  );
  const grants = createMemoryTable('id', Object.fromEntries(hashAndRange ?? []));
  const output = `s3://${stack.buckets[0]}/`;
  for (const name of ['Iris-Classifier', 'puppet'])
    sageMaker.addEndpoint({ accountId: parentId, name, model: 'puppet' });
  sageMaker.addEndpoint({
    accountId: parentId,
    name: 'puppet-async',
    model: 'puppet',
    async: { s3OutputPath: output, s3FailurePath: `${output}failures/` },
  });

  const functionOf = (operation: string) => {
    const found = stack.functions.find(({ key }) => key === operation);
    if (!found) throw new Error(`stack.yml has no function ${operation}.`);
    return found;
  };
  const { environment } = functionOf('advance-grants');
  const keysOf = (operation: string) => iam.serviceSession(functionOf(operation).roleArn, operation, 3600);
  const as = (keys: Keys) => clientConfig(front, async () => keys);
  const admin = (accountId: string) => as(adminKeys(accountId));
  const start = (options: ProcessOptions = {}) =>
    startProcess({ front, services, clock, environment, grants, keysOf }, { tables, ...options });

  const find = (id: string) => {
    const item = grants.run('Get', { Key: { id } })['Item'];
    return item ? fromItem(item as GrantItem).record : undefined;
  };

  return {
    clock,
    iam,
    front,
    sageMaker,
    messaging,
    stack,
    environment,
    grants,
    as,
    admin,
    keysOf,
    start,
    find,
    read(id) {
      const found = find(id);
      if (!found) throw new Error(`There is no grant ${id}.`);
      return found;
    },
    async runSchedule(minutesMax = 60, broker = start({ as: 'advance-grants' })) {
      for (let minute = 0; minute < minutesMax; minute++) {
        await advanceDue(broker, clock.now() + scheduleRunsMs);
        const later = clock.now() + 3_600_000;
        const due = await Promise.all([broker.store.due('shut', later), broker.store.due('due', later)]);
        if (due.every(({ ids }) => ids.length === 0)) return;
        await clock.sleep(60_000 - (clock.now() % 60_000));
      }
    },
    shareRoles: () => readShareRoles(new IAMClient(admin(parentId))),
    close() {
      sageMaker.close();
      dynamoDb.close();
    },
  };
}

/** advance-grants stops five seconds before its timeout of 55. */
const scheduleRunsMs = 50_000;

let stackRead: Stack | undefined;

function parentStack(): Stack {
  stackRead ??= readStack({ account: 'parent', accountId: parentId, region });
  return stackRead;
}

function adminKeys(accountId: string): Keys {
  return { accessKeyId: `AKIA${accountId}ADMN`, secretAccessKey: `secret-of-${accountId}` };
}

async function readShareRoles(iam: IAMClient): Promise<ReadonlyMap<string, StandingRole>> {
  const roles = new Map<string, StandingRole>();
  const read = (text = '') => JSON.parse(decodeURIComponent(text)) as PolicyDocument;
  let Marker: string | undefined;
  do {
    const page = await iam.send(
      new GetAccountAuthorizationDetailsCommand({
        Filter: ['Role'],
        MaxItems: 1000,
        ...(Marker && { Marker }),
      }),
    );
    for (const role of page.RoleDetailList ?? []) {
      if (!role.Path?.startsWith('/sharemaker/')) continue;
      const inline = (role.RolePolicyList ?? []).map(
        ({ PolicyName = '', PolicyDocument }) => [PolicyName, read(PolicyDocument)] as const,
      );
      roles.set(role.RoleName ?? '', {
        trust: read(role.AssumeRolePolicyDocument),
        inline: Object.fromEntries(inline),
        attached: (role.AttachedManagedPolicies ?? []).map(({ PolicyArn = '' }) => PolicyArn),
        boundaryArn: role.PermissionsBoundary?.PermissionsBoundaryArn,
        tags: Object.fromEntries((role.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
      });
    }
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  return roles;
}
