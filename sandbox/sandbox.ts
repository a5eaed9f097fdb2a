import { type AccountName, accounts, openAccounts, orgIdOf } from './accounts.ts';
import { type ApiGateway, createApiGateway } from './apigateway/api-gateway.ts';
import { createClock } from './clock.ts';
import { timeRoutes } from './control.ts';
import { deploy } from './deploy.ts';
import { createDynamoDb } from './dynamodb/dynamodb.ts';
import { createFront } from './front/front.ts';
import { createIam } from './iam/iam.ts';
import { bundle } from './lambda/bundle.ts';
import { createLambda, handlerFile, type Lambda } from './lambda/lambda.ts';
import { createMessaging, type Messaging } from './messaging/messaging.ts';
import { createS3 } from './s3/s3.ts';
import { demoEndpoints } from './sagemaker/demo-endpoints.ts';
import { createSageMaker, type SageMaker } from './sagemaker/sagemaker.ts';
import { createSchedules } from './schedules.ts';
import { readStack, repository } from './stack/stack.ts';
import type { Credentials, Front, Iam } from './types.ts';
import { hearCredentials, type Watcher, watchService, watchSessions } from './watch.ts';

export interface SandboxOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Containers to attach, each in place of a demo endpoint of its name: name → URL that speaks `/invocations`. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Do schedules run by themselves? Yes unless told otherwise. */
  readonly schedules?: boolean;
  /** Hears secrets and lines, for tests that hold one against the other. */
  readonly watcher?: Watcher;
}

/** What the ready file says. */
export interface SandboxDescription {
  readonly region: string;
  /** Every AWS service, told apart by the scope of the signature. */
  readonly awsEndpointUrl: string;
  readonly parent: AccountDescription & { readonly apiUrl: string };
  readonly child: AccountDescription & { readonly apiUrl: string };
  readonly outsider: AccountDescription;
  readonly controlUrl: string;
}

export interface AccountDescription {
  readonly accountId: string;
  /** Of the IAM user `admin`, who has AdministratorAccess. */
  readonly credentials: Pick<Credentials, 'accessKeyId' | 'secretAccessKey'>;
}

/** Two AWS accounts and an outsider, with everything the control API offers also in process. */
export interface Sandbox {
  readonly describe: SandboxDescription;
  /** Milliseconds since the epoch, by the sandbox's clock. */
  now(): number;
  /** Answers the new now. */
  advanceClock(seconds: number): number;
  setLag: Iam['setLag'];
  setReadLag: Iam['setReadLag'];
  tellDepartures: ApiGateway['tellDepartures'];
  addFault: Front['addFault'];
  clearFaults: Front['clearFaults'];
  /** Answers what the function answered. @param name the operation, `advance-grants` */
  runSchedule(name: string): Promise<unknown>;
  startSchedules(): void;
  stopSchedules(): void;
  readonly calls: Front['calls'];
  readonly messages: Messaging['published'];
  readonly logs: Lambda['logs'];
  /** The services themselves, for what has no control call. */
  readonly front: Front;
  readonly iam: Iam;
  readonly lambda: Lambda;
  readonly sageMaker: SageMaker;
  close(): Promise<void>;
}

const region = 'us-east-1';

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { watcher } = options;
  const clock = createClock();
  const iam = createIam({ clock });
  const { authorize } = iam;
  const credentials = openAccounts(iam);
  if (watcher) for (const each of Object.values(credentials)) hearCredentials(each, watcher.secret);
  let origin = '';

  const s3 = createS3({ clock, authorize });
  const dynamoDb = createDynamoDb({ authorize });
  const messaging = createMessaging({ clock, authorize });
  const sageMaker = createSageMaker({ clock, authorize, s3 });
  const lambda = createLambda({
    clock,
    iam: watcher ? watchSessions(iam, watcher) : iam,
    endpointUrl: () => origin,
    ...(watcher && { onLine: watcher.line }),
  });
  const { invoke } = lambda;
  const apiGateway = createApiGateway({ clock, authorize, invoke, origin: () => origin, orgIdOf });
  const schedules = createSchedules({ clock, invoke });
  const front = createFront({
    clock,
    iam,
    services: [
      iam.iamService,
      iam.stsService,
      dynamoDb.service,
      s3.service,
      sageMaker.service,
      messaging.eventBridgeService,
      messaging.snsService,
      apiGateway.service,
    ].map((service) => (watcher ? watchService(service, watcher) : service)),
    control: {
      ...timeRoutes(clock, iam),
      ...schedules.controlRoutes,
      ...sageMaker.controlRoutes,
      ...messaging.controlRoutes,
      ...lambda.controlRoutes,
      ...apiGateway.controlRoutes,
    },
    functionOf: lambda.functionOf,
    crashFunction: lambda.crash,
  });

  const server = await front.listen(options.port ?? 0);
  origin = `http://127.0.0.1:${server.port}`;

  async function close(): Promise<void> {
    schedules.stop();
    await Promise.all([lambda.close(), server.close()]);
    sageMaker.close();
    dynamoDb.close();
  }

  try {
    // Offers come from this machine, where there is no TLS.
    const params = { offerOrigins: origin };
    const parentStack = readStack({ account: 'parent', accountId: accounts.parent.accountId, region });
    const childStack = readStack({ account: 'child', accountId: accounts.child.accountId, region, params });
    const handlers = [parentStack, childStack].flatMap(({ functions }) => functions.map(handlerFile));
    const bundles = await bundle(handlers, repository);
    const services = { iam, dynamoDb, s3, messaging, lambda, apiGateway, schedules };
    const [parentUrl, childUrl] = await Promise.all([
      deploy(parentStack, bundles, services),
      deploy(childStack, bundles, services),
    ]);
    const { accountId } = accounts.parent;
    const attached = Object.entries(options.endpoints ?? {});
    const isReplaced = (demo: string) => attached.some(([name]) => name.toLowerCase() === demo.toLowerCase());
    for (const seed of demoEndpoints(accountId, parentStack.buckets[0]!))
      if (!isReplaced(seed.name)) sageMaker.addEndpoint(seed);
    for (const [name, url] of attached) sageMaker.addEndpoint({ accountId, name, url });
    if (options.schedules ?? true) schedules.start();

    const account = (name: AccountName) => ({
      accountId: accounts[name].accountId,
      credentials: credentials[name],
    });
    return {
      describe: {
        region,
        awsEndpointUrl: origin,
        parent: { ...account('parent'), apiUrl: parentUrl },
        child: { ...account('child'), apiUrl: childUrl },
        outsider: account('outsider'),
        controlUrl: `${origin}/_sandbox`,
      },
      now: clock.now,
      advanceClock: (seconds) => clock.advance(seconds * 1000),
      setLag: iam.setLag,
      setReadLag: iam.setReadLag,
      tellDepartures: apiGateway.tellDepartures,
      addFault: front.addFault,
      clearFaults: front.clearFaults,
      runSchedule: schedules.run,
      startSchedules: schedules.start,
      stopSchedules: schedules.stop,
      calls: front.calls,
      messages: messaging.published,
      logs: lambda.logs,
      front,
      iam,
      lambda,
      sageMaker,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
