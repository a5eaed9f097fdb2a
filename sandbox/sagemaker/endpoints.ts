/** The endpoints of all accounts: made in process or over the control API, described over AWS's. */

import type { Clock } from '../types.ts';
import type { Model } from './models/model.ts';

export type EndpointStatus =
  | 'Creating'
  | 'Deleting'
  | 'Failed'
  | 'InService'
  | 'OutOfService'
  | 'RollingBack'
  | 'SystemUpdating'
  | 'UpdateRollbackFailed'
  | 'Updating';

export interface EndpointPlace {
  readonly accountId: string;
  readonly region: string;
  /** In the case it was created with. */
  readonly name: string;
}

export interface Endpoint extends EndpointPlace {
  /** Lower-cased, as SageMaker does (CreateEndpoint lets names differ by more than case only). */
  readonly arn: string;
  readonly configName: string;
  readonly variantName: string;
  readonly inferenceComponents: readonly string[];
  /** Set: the endpoint takes asynchronous invocations, and those alone. */
  readonly async?: AsyncConfig;
  readonly model: Model;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly status: EndpointStatus;
}

export interface AsyncConfig {
  /** `s3://bucket/prefix` */
  readonly s3OutputPath: string;
  readonly s3FailurePath?: string;
}

type EndpointDraft = Omit<Endpoint, 'arn' | 'configName' | 'createdAt' | 'modifiedAt'>;

export interface Endpoints {
  /** By the name in its exact case; undefined when there is none. */
  find(place: EndpointPlace): Endpoint | undefined;
  /** By the name in any case. */
  findIgnoringCase(place: EndpointPlace): Endpoint | undefined;
  list(place?: Omit<EndpointPlace, 'name'>): readonly Endpoint[];
  /** @throws Error when the name is taken, ignoring case. */
  add(draft: EndpointDraft): Endpoint;
  /** @throws Error when there is none. */
  remove(place: EndpointPlace): Endpoint;
  /** @throws Error when there is none. */
  setStatus(place: EndpointPlace, status: EndpointStatus): Endpoint;
}

export function createEndpoints(clock: Clock): Endpoints {
  const endpoints = new Map<string, Endpoint>();
  let lastCreatedAt = 0;
  const keyOf = ({ accountId, region, name }: EndpointPlace) =>
    `arn:aws:sagemaker:${region}:${accountId}:endpoint/${name.toLowerCase()}`;
  const find = (place: EndpointPlace) => {
    const endpoint = endpoints.get(keyOf(place));
    return endpoint?.name === place.name ? endpoint : undefined;
  };
  const demand = (place: EndpointPlace) => {
    const endpoint = find(place);
    if (!endpoint) throw new Error(`There is no endpoint ${place.name} in ${place.accountId}.`);
    return endpoint;
  };
  return {
    find,
    findIgnoringCase: (place) => endpoints.get(keyOf(place)),
    list: (place) =>
      [...endpoints.values()].filter(
        ({ accountId, region }) => !place || (accountId === place.accountId && region === place.region),
      ),
    add(draft) {
      const arn = keyOf(draft);
      if (endpoints.has(arn))
        throw new Error(`The account ${draft.accountId} has an endpoint named ${draft.name} already.`);
      // An endpoint that is made again is another one, even within the same millisecond.
      lastCreatedAt = Math.max(clock.now(), lastCreatedAt + 1);
      const times = { createdAt: lastCreatedAt, modifiedAt: lastCreatedAt };
      const endpoint = { ...draft, arn, configName: `${draft.name}-config`, ...times };
      endpoints.set(arn, endpoint);
      return endpoint;
    },
    remove(place) {
      const endpoint = demand(place);
      endpoints.delete(endpoint.arn);
      return endpoint;
    },
    setStatus(place, status) {
      const endpoint = { ...demand(place), status, modifiedAt: clock.now() };
      endpoints.set(endpoint.arn, endpoint);
      return endpoint;
    },
  };
}
