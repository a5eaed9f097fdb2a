/** SageMaker as a caller sees it: endpoints described, invoked at once, bit by bit, or later. */

import { AwsFault } from '../aws-fault.ts';
import { jsonAnswer, jsonError, jsonTarget, restJsonError } from '../aws-json.ts';
import type { S3 } from '../s3/s3.ts';
import type { Authorize, Clock, ControlRoutes, Service, ServiceRequest, ServiceResponse } from '../types.ts';
import { createAsyncInference } from './async-inference.ts';
import { callControlPlane } from './control-plane.ts';
import { endpointRoutes } from './control-routes.ts';
import {
  type AsyncConfig,
  createEndpoints,
  type Endpoint,
  type EndpointPlace,
  type EndpointStatus,
} from './endpoints.ts';
import { readInvocation, runtimeOperationOf } from './invocation.ts';
import { createInvocationLog, type InvocationRecord } from './invocation-log.ts';
import { createModels, type ModelName } from './models/catalogue.ts';
import { attachContainer } from './models/container.ts';
import type { Model } from './models/model.ts';
import { answerInvocation } from './runtime.ts';
import { createSessions } from './sessions.ts';
import { waitForPing } from './wait-for-ping.ts';

export interface SageMaker {
  readonly service: Service;
  readonly controlRoutes: ControlRoutes;
  /** What reached a model; the newest 10,000, oldest first. */
  readonly invocations: readonly InvocationRecord[];
  /** @throws Error when the name is taken, ignoring case, or is none, or the URL is none. */
  addEndpoint(seed: EndpointSeed): Endpoint;
  /** @throws Error when there is none; so do the next two. */
  deleteEndpoint(place: PlaceOfEndpoint): void;
  /** Deletes it and makes the same again: same name and ARN, another CreationTime. */
  recreateEndpoint(place: PlaceOfEndpoint): Endpoint;
  setStatus(place: PlaceOfEndpoint, status: EndpointStatus): void;
  /** When every asynchronous request has its result or failure. */
  settled(): Promise<void>;
  /** Gives up what runs; lets go of containers. */
  close(): void;
}

export interface EndpointSeed extends PlaceOfEndpoint {
  /** One of the sandbox's own, or any other; `puppet` unless a `url` is given. */
  readonly model?: ModelName | Model;
  /** A container that speaks `/invocations`, `http://127.0.0.1:8080`. In service once it answers `/ping`. */
  readonly url?: string;
  readonly async?: AsyncConfig;
  /** `AllTraffic` unless given. */
  readonly variantName?: string;
  readonly inferenceComponents?: readonly string[];
}

/** The region is us-east-1 unless given. */
type PlaceOfEndpoint = Omit<EndpointPlace, 'region'> & { readonly region?: string };

export interface SageMakerOptions {
  readonly clock: Clock;
  readonly authorize: Authorize;
  readonly s3: S3;
  /** Of a model's answer, and of a whole stream. AWS: 60 s and 8 minutes. */
  readonly limits?: { readonly responseMs: number; readonly streamMs: number };
}

export function createSageMaker({ clock, authorize, s3, limits = awsLimits }: SageMakerOptions): SageMaker {
  const endpoints = createEndpoints(clock);
  const models = createModels();
  const sessions = createSessions(clock);
  const asyncInference = createAsyncInference({ clock, s3 });
  const log = createInvocationLog(clock);
  const closing = new AbortController();
  const placeOf = (place: PlaceOfEndpoint): EndpointPlace => ({ region: 'us-east-1', ...place });

  function addEndpoint({ model, url, ...seed }: EndpointSeed): Endpoint {
    if (seed.name.length > 63 || !/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/.test(seed.name))
      throw new Error('An endpoint name has 1 to 63 letters, digits and hyphens between them.');
    const container = url === undefined ? undefined : attachContainer(url);
    const endpoint = endpoints.add({
      variantName: 'AllTraffic',
      inferenceComponents: [],
      ...placeOf(seed),
      ...seed,
      region: seed.region ?? 'us-east-1',
      model: container ?? (typeof model === 'object' ? model : models[model ?? 'puppet']),
      status: container ? 'Creating' : 'InService',
    });
    if (container) void waitForPing(endpoint, endpoints, closing.signal);
    return endpoint;
  }

  const service: Service = {
    scopes: ['sagemaker'],
    operationOf: (request) => jsonTarget(request.headers, 'SageMaker') ?? runtimeOperationOf(request),
    async handle(request) {
      const operation = jsonTarget(request.headers, 'SageMaker');
      try {
        return await (operation ? control(operation, request) : runtime(request));
      } catch (error) {
        // Nobody is left to read this: the invocation was given up with its caller.
        if (request.signal.aborted) return restJsonError(callerGone, request.id);
        if (!(error instanceof AwsFault)) throw error;
        return operation ? jsonError(error, request.id) : restJsonError(error, request.id);
      }
    },
    error: (error, requestId) => jsonError(error, requestId, 'application/json'),
  };

  async function control(operation: string, request: ServiceRequest): Promise<ServiceResponse> {
    return jsonAnswer(200, callControlPlane(operation, request, { authorize, endpoints }), request.id);
  }

  async function runtime(request: ServiceRequest): Promise<ServiceResponse> {
    const invocation = readInvocation(request);
    if (!invocation)
      throw new AwsFault('UnknownOperationException', 404, 'The sandbox does not have this operation.');
    return answerInvocation(invocation, { authorize, endpoints, sessions, asyncInference, log, limits });
  }

  const sageMaker: Omit<SageMaker, 'controlRoutes'> = {
    service,
    invocations: log.records,
    addEndpoint,
    deleteEndpoint: (place) => endpoints.remove(placeOf(place)).model.close?.(),
    recreateEndpoint: (place) => endpoints.add(endpoints.remove(placeOf(place))),
    setStatus: (place, status) => void endpoints.setStatus(placeOf(place), status),
    settled: asyncInference.settled,
    close() {
      closing.abort();
      asyncInference.close();
      for (const { model } of endpoints.list()) model.close?.();
    },
  };
  return { ...sageMaker, controlRoutes: endpointRoutes(sageMaker, endpoints) };
}

const callerGone = new AwsFault('InternalFailure', 500, 'The caller closed the connection.');
const awsLimits = { responseMs: 60_000, streamMs: 8 * 60_000 };
