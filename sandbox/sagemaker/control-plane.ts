/** DescribeEndpoint, DescribeEndpointConfig, ListEndpoints (SageMaker API Reference), in JSON 1.1. */

import { AwsFault } from '../aws-fault.ts';
import { parseJsonBody } from '../aws-json.ts';
import type { Authorize, ServiceRequest } from '../types.ts';
import type { Endpoint, Endpoints } from './endpoints.ts';
import { listEndpoints } from './list-endpoints.ts';

export interface ControlPlaneOptions {
  readonly authorize: Authorize;
  readonly endpoints: Endpoints;
}

/** The output of one operation. @throws AwsFault */
export function callControlPlane(
  operation: string,
  request: ServiceRequest,
  options: ControlPlaneOptions,
): object {
  const handler = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
  if (!handler)
    throw new AwsFault('UnknownOperationException', 404, 'The sandbox does not have this operation.');
  return handler(request, parseJsonBody(request.body), options);
}

type Input = Readonly<Record<string, unknown>>;

const operations: Readonly<
  Record<string, (request: ServiceRequest, input: Input, options: ControlPlaneOptions) => object>
> = {
  DescribeEndpoint(request, input, { authorize, endpoints }) {
    const name = readName(input['EndpointName'], 'endpointName');
    const place = { accountId: request.caller.accountId, region: request.region, name };
    const arn = arnOf(request, 'endpoint', name);
    demand(authorize, request, 'sagemaker:DescribeEndpoint', arn);
    const endpoint = endpoints.findIgnoringCase(place);
    if (!endpoint) throw notFound('endpoint', arn);
    return describeEndpoint(endpoint);
  },

  DescribeEndpointConfig(request, input, { authorize, endpoints }) {
    const name = readName(input['EndpointConfigName'], 'endpointConfigName');
    const arn = arnOf(request, 'endpoint-config', name);
    demand(authorize, request, 'sagemaker:DescribeEndpointConfig', arn);
    const endpoint = endpoints
      .list({ accountId: request.caller.accountId, region: request.region })
      .find(({ configName }) => configName.toLowerCase() === name.toLowerCase());
    if (!endpoint) throw notFound('endpoint configuration', arn);
    return {
      EndpointConfigName: endpoint.configName,
      EndpointConfigArn: arn,
      ProductionVariants: [
        {
          VariantName: endpoint.variantName,
          ModelName: endpoint.name,
          InitialInstanceCount: 1,
          InstanceType: 'ml.t2.medium',
          InitialVariantWeight: 1,
        },
      ],
      CreationTime: endpoint.createdAt / 1000,
      ...asyncConfig(endpoint),
    };
  },

  ListEndpoints(request, input, { authorize, endpoints }) {
    demand(authorize, request, 'sagemaker:ListEndpoints', '*');
    const { accountId } = request.caller;
    return listEndpoints(endpoints.list({ accountId, region: request.region }), input);
  },
};

function describeEndpoint(endpoint: Endpoint): object {
  return {
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    EndpointConfigName: endpoint.configName,
    EndpointStatus: endpoint.status,
    ProductionVariants: [
      {
        VariantName: endpoint.variantName,
        CurrentInstanceCount: 1,
        DesiredInstanceCount: 1,
        CurrentWeight: 1,
        DesiredWeight: 1,
      },
    ],
    // JSON 1.1 writes times as seconds since the epoch.
    CreationTime: endpoint.createdAt / 1000,
    LastModifiedTime: endpoint.modifiedAt / 1000,
    ...asyncConfig(endpoint),
  };
}

function asyncConfig({ async }: Endpoint): object {
  if (!async) return {};
  const { s3OutputPath: S3OutputPath, s3FailurePath: S3FailurePath } = async;
  return {
    AsyncInferenceConfig: { OutputConfig: { S3OutputPath, ...(S3FailurePath && { S3FailurePath }) } },
  };
}

function demand(authorize: Authorize, request: ServiceRequest, action: string, resource: string): void {
  const answer = authorize({ request, action, resource });
  if (!answer.allowed) throw new AwsFault('AccessDeniedException', 400, answer.message);
}

function arnOf({ region, caller }: ServiceRequest, type: string, name: string): string {
  return `arn:aws:sagemaker:${region}:${caller.accountId}:${type}/${name.toLowerCase()}`;
}

function notFound(what: string, arn: string): AwsFault {
  return new AwsFault('ValidationException', 400, `Could not find ${what} "${arn}".`);
}

function readName(value: unknown, member: string): string {
  if (typeof value === 'string' && value.length <= 63 && /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/.test(value))
    return value;
  throw new AwsFault(
    'ValidationException',
    400,
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`,
  );
}
