import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PolicyDocument } from '../policy/document.ts';
import type { RoleSeed } from '../types.ts';
import { readFunctions } from './functions.ts';
import { resolveIntrinsics, type TemplateResource, type TemplateScope } from './intrinsics.ts';
import { readResources } from './resources.ts';
import { resolveVariables, type VariableScope } from './variables.ts';
import { parseYaml } from './yaml.ts';

/** One account's stack as it would be once deployed: every variable, reference and name resolved. */
export interface Stack extends StackResources {
  readonly accountId: string;
  readonly region: string;
  readonly stage: string;
  readonly functions: readonly StackFunction[];
  /** The API's resource policy; its resources still in the short form `execute-api:/<stage>/…`. */
  readonly resourcePolicy: PolicyDocument;
}

export interface StackResources {
  readonly roles: readonly RoleSeed[];
  readonly managedPolicies: readonly {
    readonly name: string;
    readonly path: string;
    readonly document: PolicyDocument;
  }[];
  /** What CreateTable would be sent. */
  readonly tables: readonly TableDefinition[];
  readonly eventBuses: readonly string[];
  readonly topics: readonly string[];
  readonly buckets: readonly string[];
  /** What the API says instead of API Gateway's own words, by response type: `REQUEST_TOO_LARGE`. */
  readonly gatewayResponses: Readonly<Record<string, GatewayResponse>>;
}

export interface GatewayResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface StackFunction {
  /** The operation, `create-grant`. */
  readonly key: string;
  /** As Lambda knows it, `sharemaker-dev-create-grant`. */
  readonly name: string;
  /** `functions/parent/create-grant.handler` */
  readonly handler: string;
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly routes: readonly StackRoute[];
  readonly schedules: readonly StackSchedule[];
}

export interface StackRoute {
  /** `POST` */
  readonly method: string;
  /** `/grants/{grantId}` */
  readonly path: string;
  readonly isStreamed: boolean;
  readonly timeoutMs: number;
}

export interface StackSchedule {
  readonly name: string;
  readonly everyMs: number;
  /** The constant that the rule sends; without one EventBridge sends its own event. */
  readonly input?: unknown;
}

export interface TableDefinition {
  readonly TableName: string;
  readonly BillingMode: 'PAY_PER_REQUEST' | 'PROVISIONED';
  readonly AttributeDefinitions: readonly {
    readonly AttributeName: string;
    readonly AttributeType: 'S' | 'N' | 'B';
  }[];
  readonly KeySchema: readonly KeyElement[];
  readonly GlobalSecondaryIndexes?: readonly {
    readonly IndexName: string;
    readonly KeySchema: readonly KeyElement[];
    readonly Projection: { readonly ProjectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE' };
  }[];
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean };
}

export interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: 'HASH' | 'RANGE';
}

export interface ReadStackOptions {
  /** Whose stack: `parent` or `child`. */
  readonly account: string;
  readonly accountId: string;
  /** As `--region` and `--stage` would say. */
  readonly region?: string;
  readonly stage?: string;
  /** As `--param` would say. */
  readonly params?: Readonly<Record<string, string>>;
  /** Where serverless.yml stands; this repository when absent. */
  readonly serviceDirectory?: string;
}

/** The root of this repository. */
export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Reads `serverless.yml` and the account's `stack.yml`.
 * @throws Error naming what the sandbox cannot understand; nothing is skipped silently.
 */
export function readStack(options: ReadStackOptions): Stack {
  const { accountId, serviceDirectory = repository } = options;
  const readFile = (path: string) => parseYaml(readFileSync(join(serviceDirectory, path), 'utf8'));
  const service = readFile('serverless.yml') as ServiceFile;
  const scope = variableScope(service, options, readFile);
  const resolved = resolveVariables(service, scope) as ServiceFile;
  const { provider, functions, resources } = resolved;
  const { stage } = scope;

  const functionNames = Object.keys(functions).map(
    (key) => [key, `${resolved.service}-${stage}-${key}`] as const,
  );
  const template: TemplateScope = {
    accountId,
    region: provider.region,
    stackName: provider.stackName,
    conditions: resources.Conditions ?? {},
    resources: { ...resources.Resources, ...Object.fromEntries(functionNames.map(logGroup)) },
  };
  return {
    accountId,
    region: provider.region,
    stage,
    functions: readFunctions(functions, { names: new Map(functionNames), defaults: provider, template }),
    resourcePolicy: resolveIntrinsics(
      { Version: '2012-10-17', Statement: provider.apiGateway.resourcePolicy },
      template,
    ) as PolicyDocument,
    ...readResources(resources.Resources, template),
  };
}

/** The parts of serverless.yml that the sandbox reads. */
interface ServiceFile {
  readonly service: string;
  readonly params?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly provider: {
    readonly region: string;
    readonly stage: string;
    readonly stackName: string;
    readonly timeout?: number;
    readonly memorySize?: number;
    readonly apiGateway: { readonly resourcePolicy: unknown };
  };
  readonly functions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly resources: {
    readonly Conditions?: Readonly<Record<string, unknown>>;
    readonly Resources: Readonly<Record<string, TemplateResource>>;
  };
}

function variableScope(
  service: ServiceFile,
  options: ReadStackOptions,
  readFile: (path: string) => unknown,
): VariableScope {
  const commandLine = {
    ...(options.stage !== undefined && { stage: options.stage }),
    ...(options.region !== undefined && { region: options.region }),
  };
  const scope = { stage: '', options: commandLine, params: {}, readFile };
  const stage = String(resolveVariables(service.provider.stage, scope));
  const params = { ...service.params?.['default'], ...service.params?.[stage], ...options.params };
  return { ...scope, stage, params: { ...params, account: options.account } };
}

/** The framework makes each function's log group; roles refer to it by the logical id that the framework gives it. */
function logGroup([key, name]: readonly [string, string]): [string, TemplateResource] {
  const normalized = key.replaceAll('-', 'Dash').replaceAll('_', 'Underscore');
  const logicalId = `${normalized[0]!.toUpperCase()}${normalized.slice(1)}LogGroup`;
  return [logicalId, { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/lambda/${name}` } }];
}
