import type { PolicyDocument } from '../policy/document.ts';
import type { RoleSeed } from '../types.ts';
import { resolveIntrinsics, type TemplateResource, type TemplateScope } from './intrinsics.ts';
import type { GatewayResponse, StackResources, TableDefinition } from './stack.ts';

/**
 * The `resources:` of a stack, resolved.
 * @throws Error for a resource type that the sandbox neither has nor knows to be without effect in it.
 */
export function readResources(
  resources: Readonly<Record<string, TemplateResource>>,
  template: TemplateScope,
): StackResources {
  for (const [logicalId, { Type }] of Object.entries(resources)) {
    if (!known.has(Type)) throw new Error(`${logicalId} is a ${Type}, which the sandbox does not have.`);
  }
  const all = <T>(type: string) =>
    Object.values(resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => resolveIntrinsics(Properties ?? {}, template) as T);
  return {
    roles: all<RoleProperties>('AWS::IAM::Role').map(toRole),
    managedPolicies: all<ManagedPolicyProperties>('AWS::IAM::ManagedPolicy').map((policy) => ({
      name: policy.ManagedPolicyName,
      path: policy.Path ?? '/',
      document: policy.PolicyDocument,
    })),
    tables: all<TableDefinition>('AWS::DynamoDB::Table').map(toTable),
    eventBuses: all<{ Name: string }>('AWS::Events::EventBus').map(({ Name }) => Name),
    topics: all<{ TopicName: string }>('AWS::SNS::Topic').map(({ TopicName }) => TopicName),
    buckets: all<{ BucketName: string }>('AWS::S3::Bucket').map(({ BucketName }) => BucketName),
    gatewayResponses: Object.fromEntries(
      Object.values(resources)
        .filter(({ Type }) => Type === 'AWS::ApiGateway::GatewayResponse')
        .map(({ Properties }) => toGatewayResponse(Properties as unknown as GatewayResponseProperties)),
    ),
  };
}

const known = new Set([
  'AWS::ApiGateway::GatewayResponse',
  // There are no metrics to watch.
  'AWS::CloudWatch::Alarm',
  'AWS::DynamoDB::Table',
  'AWS::Events::EventBus',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Role',
  // For API Gateway, which writes none here.
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  // Demands TLS, which loopback does not have.
  'AWS::S3::BucketPolicy',
  // Nobody has a mailbox.
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
]);

interface GatewayResponseProperties {
  readonly ResponseType: string;
  readonly StatusCode: string;
  readonly ResponseParameters?: Readonly<Record<string, string>>;
  readonly ResponseTemplates: Readonly<Record<'application/json', string>>;
}

/** "Set up gateway responses to customize error responses": a header's value is a literal in single quotes. */
function toGatewayResponse(response: GatewayResponseProperties): [string, GatewayResponse] {
  const headers = Object.entries(response.ResponseParameters ?? {}).map(([name, value]) => {
    const header = /^gatewayresponse\.header\.(.+)$/.exec(name)?.[1];
    const literal = /^'(.*)'$/.exec(value)?.[1];
    if (header === undefined || literal === undefined)
      throw new Error(`${response.ResponseType}: ${name} is unknown to the sandbox.`);
    return [header.toLowerCase(), literal] as const;
  });
  return [
    response.ResponseType,
    {
      status: Number(response.StatusCode),
      headers: Object.fromEntries(headers),
      body: response.ResponseTemplates['application/json'],
    },
  ];
}

interface RoleProperties {
  readonly RoleName: string;
  readonly Path?: string;
  readonly AssumeRolePolicyDocument: PolicyDocument;
  readonly Policies?: readonly { readonly PolicyName: string; readonly PolicyDocument: PolicyDocument }[];
  readonly ManagedPolicyArns?: readonly string[];
  readonly PermissionsBoundary?: string;
  readonly MaxSessionDuration?: number;
}

interface ManagedPolicyProperties {
  readonly ManagedPolicyName: string;
  readonly Path?: string;
  readonly PolicyDocument: PolicyDocument;
}

function toRole(role: RoleProperties): RoleSeed {
  const inline = (role.Policies ?? []).map((policy) => [policy.PolicyName, policy.PolicyDocument] as const);
  return {
    name: role.RoleName,
    path: role.Path ?? '/',
    trust: role.AssumeRolePolicyDocument,
    inline: Object.fromEntries(inline),
    managedPolicyArns: role.ManagedPolicyArns ?? [],
    ...(role.PermissionsBoundary !== undefined && { boundaryArn: role.PermissionsBoundary }),
    ...(role.MaxSessionDuration !== undefined && { maxSessionSeconds: role.MaxSessionDuration }),
  };
}

/** Encryption and backups have no effect in memory; keys and indexes have. */
function toTable(table: TableDefinition): TableDefinition {
  const { TableName, BillingMode, AttributeDefinitions, KeySchema } = table;
  const { GlobalSecondaryIndexes, TimeToLiveSpecification } = table;
  return {
    TableName,
    BillingMode,
    AttributeDefinitions,
    KeySchema,
    ...(GlobalSecondaryIndexes && { GlobalSecondaryIndexes }),
    ...(TimeToLiveSpecification && { TimeToLiveSpecification }),
  };
}
