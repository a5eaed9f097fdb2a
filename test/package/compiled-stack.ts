import { readFileSync } from 'node:fs';
import { arnOf, resolveIntrinsics, type TemplateResource } from '../../sandbox/stack/intrinsics.ts';
import { readResources } from '../../sandbox/stack/resources.ts';
import type { ReadStackOptions, Stack, StackFunction, StackRoute } from '../../sandbox/stack/stack.ts';

/**
 * Reads the CloudFormation template that `serverless package` made into what the sandbox reads from the deploy files:
 * the second way to the same thing. Functions, routes, schedules and the API's policy are taken from what the
 * framework generated, not from what was written.
 */
export function readCompiledStack(
  path: string,
  options: Required<Pick<ReadStackOptions, 'account' | 'accountId'>>,
): Stack {
  const { Conditions, Resources } = JSON.parse(readFileSync(path, 'utf8')) as {
    Conditions: Record<string, unknown>;
    Resources: Record<string, TemplateResource>;
  };
  const { account, accountId } = options;
  const template = {
    accountId,
    region: 'us-east-1',
    stackName: `sharemaker-${account}-dev`,
    conditions: Conditions,
    resources: Resources,
  };
  const resolved = <T>(value: unknown) => resolveIntrinsics(value, template) as T;
  const ofType = (type: string) => Object.entries(Resources).filter(([, { Type }]) => Type === type);

  const methods = ofType('AWS::ApiGateway::Method').map(
    ([, { Properties }]) => Properties as unknown as Method,
  );
  const rules = ofType('AWS::Events::Rule').map(([, { Properties }]) => resolved<Rule>(Properties));
  const functions = ofType('AWS::Lambda::Function').map(([logicalId, { Properties }]) => {
    const { Code: _, ...made } = { ...Properties };
    return toFunction(logicalId, resolved<MadeFunction>(made));
  });
  const [api] = ofType('AWS::ApiGateway::RestApi');
  const written = Object.entries(Resources).filter(
    ([logicalId]) => !logicalId.startsWith('ServerlessDeployment'),
  );
  const ours = written.filter(([, { Type }]) =>
    /^AWS::(DynamoDB|IAM|SNS|S3)::|(EventBus|GatewayResponse)$/.test(Type),
  );
  return {
    accountId,
    region: 'us-east-1',
    stage: 'dev',
    functions,
    resourcePolicy: resolved(api![1].Properties!['Policy']),
    ...readResources(Object.fromEntries(ours), template),
  };

  function toFunction(logicalId: string, made: MadeFunction): StackFunction {
    const name = made.FunctionName;
    return {
      key: name.replace('sharemaker-dev-', ''),
      name,
      handler: made.Handler,
      roleArn: made.Role,
      environment: made.Environment.Variables,
      timeoutMs: made.Timeout * 1000,
      memoryMb: made.MemorySize,
      routes: methods
        .filter((method) => leadsTo(method, logicalId))
        .map((method) => toRoute(method, Resources)),
      schedules: rules
        .filter(({ Targets }) => Targets[0]!.Arn === arnOf(logicalId, template))
        .map(({ Name, ScheduleExpression, Targets: [target] }) => ({
          name: Name,
          everyMs: { 'rate(1 minute)': 60_000, 'rate(1 hour)': 3_600_000 }[ScheduleExpression]!,
          ...(target!.Input !== undefined && { input: JSON.parse(target!.Input) }),
        })),
    };
  }
}

interface MadeFunction {
  readonly FunctionName: string;
  readonly Handler: string;
  readonly Role: string;
  readonly Timeout: number;
  readonly MemorySize: number;
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
}

interface Rule {
  readonly Name: string;
  readonly ScheduleExpression: string;
  readonly Targets: readonly { readonly Arn: string; readonly Input?: string }[];
}

interface Method {
  readonly HttpMethod: string;
  readonly AuthorizationType: string;
  readonly ResourceId: { readonly Ref: string };
  readonly Integration: {
    readonly Uri: unknown;
    readonly TimeoutInMillis?: number;
    readonly ResponseTransferMode?: string;
  };
}

function leadsTo({ Integration }: Method, functionLogicalId: string): boolean {
  return JSON.stringify(Integration.Uri).includes(`{"Fn::GetAtt":["${functionLogicalId}","Arn"]}`);
}

function toRoute(method: Method, resources: Readonly<Record<string, TemplateResource>>): StackRoute {
  if (method.AuthorizationType !== 'AWS_IAM') throw new Error('A method without IAM authorization.');
  const { ResponseTransferMode, TimeoutInMillis, Uri } = method.Integration;
  const isStreamed = ResponseTransferMode === 'STREAM';
  // A streaming integration needs the streaming invocation path, and only that one.
  if (JSON.stringify(Uri).includes('/response-streaming-invocations') !== isStreamed)
    throw new Error('Wrong path.');
  return {
    method: method.HttpMethod,
    path: pathOf(method.ResourceId.Ref, resources),
    isStreamed,
    timeoutMs: TimeoutInMillis ?? 29_000,
  };
}

function pathOf(logicalId: string, resources: Readonly<Record<string, TemplateResource>>): string {
  const { ParentId, PathPart } = resources[logicalId]!.Properties as {
    ParentId: { Ref?: string };
    PathPart: string;
  };
  return `${ParentId.Ref ? pathOf(ParentId.Ref, resources) : ''}/${PathPart}`;
}
