/** What an invocation is made of, and the order in which SageMaker decides about it. */

import type { Authorize, ServiceRequest } from '../types.ts';
import type { Endpoint, EndpointStatus, Endpoints } from './endpoints.ts';
import { checkInput, type InvocationInput, type InvocationMode, readInput } from './invocation-headers.ts';
import { runtimeFault } from './runtime-faults.ts';

export interface Invocation {
  readonly mode: InvocationMode;
  readonly endpointName: string;
  readonly input: InvocationInput;
  readonly request: ServiceRequest;
}

const paths: Readonly<Record<string, readonly [InvocationMode, string]>> = {
  invocations: ['sync', 'InvokeEndpoint'],
  'async-invocations': ['async', 'InvokeEndpointAsync'],
  'invocations-response-stream': ['stream', 'InvokeEndpointWithResponseStream'],
};

const pathPattern = /^\/endpoints\/([^/]*)\/(invocations|async-invocations|invocations-response-stream)$/;

/** `InvokeEndpoint`, …; undefined when the path is none of theirs. */
export function runtimeOperationOf({
  method,
  path,
}: Pick<ServiceRequest, 'method' | 'path'>): string | undefined {
  const [, , last = ''] = pathPattern.exec(path) ?? [];
  return method === 'POST' ? paths[last]?.[1] : undefined;
}

export function readInvocation(request: ServiceRequest): Invocation | undefined {
  const [, encoded = '', last = ''] = pathPattern.exec(request.path) ?? [];
  const [mode] = paths[last] ?? [];
  if (!mode || request.method !== 'POST') return undefined;
  return { mode, endpointName: decode(encoded), input: readInput(mode, request.headers), request };
}

/**
 * 1. May the caller? Whoever may not learns nothing else. 2. Is the request well-formed? 3. Is there such an endpoint, in service?
 * 4. Does it take this mode? 5. Has it the variant, and the inference component?
 * @throws AwsFault in this order
 */
export function admit(invocation: Invocation, endpoints: Endpoints, authorize: Authorize): Endpoint {
  const { request, endpointName, input, mode } = invocation;
  demandAccess(invocation, authorize);
  checkInput(endpointName, input);
  const place = { accountId: request.caller.accountId, region: request.region, name: endpointName };
  const endpoint = endpoints.find(place);
  if (!endpoint || unserving.has(endpoint.status))
    throw runtimeFault(
      'ValidationError',
      `Endpoint ${endpointName} of account ${place.accountId} not found.`,
    );
  if ((mode === 'async') !== (endpoint.async !== undefined))
    throw runtimeFault(
      'ValidationError',
      endpoint.async
        ? `Endpoint ${endpointName} takes asynchronous invocations only.`
        : `Endpoint ${endpointName} has no AsyncInferenceConfig and does not take asynchronous invocations.`,
    );
  const { targetVariant, inferenceComponentName } = input;
  if (targetVariant !== undefined && targetVariant !== endpoint.variantName)
    throw runtimeFault(
      'ValidationError',
      `Variant "${targetVariant}" does not exist for endpoint ${endpointName}.`,
    );
  if (inferenceComponentName !== undefined && !endpoint.inferenceComponents.includes(inferenceComponentName))
    throw runtimeFault(
      'ValidationError',
      `Inference Component "${inferenceComponentName}" does not exist for endpoint ${endpointName}.`,
    );
  return endpoint;
}

const unserving: ReadonlySet<EndpointStatus> = new Set(['Creating', 'Deleting', 'Failed', 'OutOfService']);

/**
 * The URL carries no account: the endpoint asked for is always one of the caller's own account.
 * Streams: the API Reference demands sagemaker:InvokeEndpoint, the Service Authorization Reference knows
 * sagemaker:InvokeEndpointWithResponseStream. The sandbox demands both, the stricter reading, so that what passes here passes there.
 */
const actions: Readonly<Record<InvocationMode, readonly string[]>> = {
  sync: ['sagemaker:InvokeEndpoint'],
  async: ['sagemaker:InvokeEndpointAsync'],
  stream: ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointWithResponseStream'],
};

function demandAccess({ mode, endpointName, input, request }: Invocation, authorize: Authorize): void {
  const root = `arn:aws:sagemaker:${request.region}:${request.caller.accountId}`;
  const { inferenceComponentName } = input;
  // The reference lists the component as a second resource beside the endpoint; here both must be allowed.
  const resources = [
    `${root}:endpoint/${endpointName.toLowerCase()}`,
    ...(inferenceComponentName ? [`${root}:inference-component/${inferenceComponentName}`] : []),
  ];
  // The key also stands for the container of a multi-container endpoint (SageMaker Developer Guide, "Security with multi-container endpoints with direct invocation").
  const target = input.targetModel ?? input.targetContainerHostname;
  for (const resource of resources)
    for (const action of actions[mode]) {
      const context = target !== undefined ? { 'sagemaker:TargetModel': target } : {};
      const answer = authorize({ request, action, resource, context });
      if (!answer.allowed) throw runtimeFault('AccessDeniedException', answer.message);
    }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
