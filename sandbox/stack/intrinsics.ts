/** One resource of a CloudFormation template. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface TemplateScope {
  readonly accountId: string;
  readonly region: string;
  readonly stackName: string;
  readonly resources: Readonly<Record<string, TemplateResource>>;
  readonly conditions?: Readonly<Record<string, unknown>>;
}

/**
 * Resolves CloudFormation's Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select, Fn::Split and Fn::If everywhere in a value
 * (CloudFormation User Guide, "Intrinsic function reference"), as they come out once the stack is deployed.
 * @throws Error for what does not exist in the template or is unknown to the sandbox.
 */
export function resolveIntrinsics(value: unknown, scope: TemplateScope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveIntrinsics(item, scope));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? ['', undefined];
  const intrinsic = entries.length === 1 ? intrinsics[name] : undefined;
  if (intrinsic) return intrinsic(argument, scope);
  if (name.startsWith('Fn::')) throw new Error(`${name} is unknown to the sandbox.`);
  return Object.fromEntries(entries.map(([key, item]) => [key, resolveIntrinsics(item, scope)]));
}

/** The ARN of a resource, by its logical id. */
export function arnOf(logicalId: string, scope: TemplateScope): string {
  return attribute(logicalId, 'Arn', scope);
}

const intrinsics: Record<string, (argument: unknown, scope: TemplateScope) => unknown> = {
  Ref: (argument, scope) => reference(String(argument), scope),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, name] = argument as [string, string];
    return attribute(logicalId, name, scope);
  },
  'Fn::Sub': (argument, scope) =>
    String(argument).replaceAll(/\$\{([^!}]+)\}/g, (_, path: string) => {
      const [logicalId, name] = path.split('.') as [string, string?];
      return name === undefined ? reference(logicalId, scope) : attribute(logicalId, name, scope);
    }),
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map((part) => String(resolveIntrinsics(part, scope))).join(separator);
  },
  'Fn::Select': (argument, scope) => {
    const [index, list] = resolveIntrinsics(argument, scope) as [number, unknown[]];
    return list[Number(index)];
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = resolveIntrinsics(argument, scope) as [string, string];
    return text.split(separator);
  },
  'Fn::If': (argument, scope) => {
    const [name, yes, no] = argument as [string, unknown, unknown];
    const condition = scope.conditions?.[name];
    if (condition === undefined) throw new Error(`The stack has no condition "${name}".`);
    return resolveIntrinsics(resolveIntrinsics(condition, scope) ? yes : no, scope);
  },
  'Fn::Not': (argument, scope) => !(resolveIntrinsics(argument, scope) as [boolean])[0],
  'Fn::Equals': (argument, scope) => {
    const [left, right] = resolveIntrinsics(argument, scope) as [unknown, unknown];
    return left === right;
  },
};

const pseudoParameters: Record<string, (scope: TemplateScope) => string> = {
  'AWS::AccountId': (scope) => scope.accountId,
  'AWS::Region': (scope) => scope.region,
  'AWS::StackName': (scope) => scope.stackName,
  'AWS::Partition': () => 'aws',
  'AWS::URLSuffix': () => 'amazonaws.com',
};

/** What `Ref` answers and how the ARN is built, per resource type ("Resource and property types reference"). */
const resourceTypes: Record<
  string,
  {
    readonly nameProperty: string;
    readonly ref: 'name' | 'arn';
    readonly arn: (
      name: string,
      scope: TemplateScope,
      properties: Readonly<Record<string, unknown>>,
    ) => string;
  }
> = {
  'AWS::DynamoDB::Table': {
    nameProperty: 'TableName',
    ref: 'name',
    arn: (name, { region, accountId }) => `arn:aws:dynamodb:${region}:${accountId}:table/${name}`,
  },
  'AWS::Events::EventBus': {
    nameProperty: 'Name',
    ref: 'name',
    arn: (name, { region, accountId }) => `arn:aws:events:${region}:${accountId}:event-bus/${name}`,
  },
  'AWS::IAM::ManagedPolicy': {
    nameProperty: 'ManagedPolicyName',
    ref: 'arn',
    arn: (name, { accountId }, { Path = '/' }) => `arn:aws:iam::${accountId}:policy${Path}${name}`,
  },
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    ref: 'name',
    arn: (name, { accountId }, { Path = '/' }) => `arn:aws:iam::${accountId}:role${Path}${name}`,
  },
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    ref: 'name',
    arn: (name, { region, accountId }) => `arn:aws:lambda:${region}:${accountId}:function:${name}`,
  },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    ref: 'name',
    arn: (name, { region, accountId }) => `arn:aws:logs:${region}:${accountId}:log-group:${name}:*`,
  },
  'AWS::S3::Bucket': { nameProperty: 'BucketName', ref: 'name', arn: (name) => `arn:aws:s3:::${name}` },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    ref: 'arn',
    arn: (name, { region, accountId }) => `arn:aws:sns:${region}:${accountId}:${name}`,
  },
};

function reference(name: string, scope: TemplateScope): string {
  const pseudo = pseudoParameters[name];
  if (pseudo) return pseudo(scope);
  const resource = describe(name, scope);
  return resource.ref === 'arn' ? resource.arn : resource.name;
}

function attribute(logicalId: string, name: string, scope: TemplateScope): string {
  if (name !== 'Arn') throw new Error(`The attribute ${logicalId}.${name} is unknown to the sandbox.`);
  return describe(logicalId, scope).arn;
}

function describe(
  logicalId: string,
  scope: TemplateScope,
): { name: string; arn: string; ref: 'name' | 'arn' } {
  const resource = scope.resources[logicalId];
  if (!resource) throw new Error(`The stack has no resource "${logicalId}".`);
  const type = resourceTypes[resource.Type];
  if (!type) throw new Error(`Nothing can refer to a ${resource.Type} ("${logicalId}") in the sandbox.`);
  const properties = resource.Properties ?? {};
  const name = resolveIntrinsics(properties[type.nameProperty], scope);
  if (typeof name !== 'string') throw new Error(`The resource "${logicalId}" needs a ${type.nameProperty}.`);
  return { name, arn: type.arn(name, scope, properties), ref: type.ref };
}
