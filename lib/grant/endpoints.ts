/** The parent's SageMaker endpoints. */

import {
  DescribeEndpointCommand,
  ListEndpointsCommand,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { Problem } from '../contract/problems.ts';

export interface DescribedEndpoint {
  /** In the case that invocations need. */
  readonly name: string;
  readonly region: string;
  /** Lower-cased by SageMaker; policies match this one. */
  readonly arn: string;
  readonly status: string;
  readonly createdAt: string;
  /** S3 URLs, for asynchronous endpoints. */
  readonly async?: { readonly output?: string; readonly failure?: string };
}

export interface Endpoints {
  /** Throws Problem `endpoint.not_found`, `endpoint.not_usable`. */
  describe(name: string, region: string): Promise<DescribedEndpoint>;
  /** Of the own Region unless another is named. */
  list(page: {
    limit: number;
    token?: string;
    region?: string;
  }): Promise<{ items: Omit<DescribedEndpoint, 'async'>[]; nextToken?: string }>;
}

/** States from which an endpoint does not come back by itself. */
const unusable = new Set(['Deleting', 'Failed', 'OutOfService']);

export function connectEndpoints(
  clientIn: (region: string) => SageMakerClient,
  ownRegion: string,
): Endpoints {
  return {
    async describe(name, region) {
      const found = await clientIn(region)
        .send(new DescribeEndpointCommand({ EndpointName: name }))
        .catch((error: Error) => {
          // SageMaker has no not-found error of its own here: ValidationException, "Could not find endpoint …".
          if (error.name !== 'ValidationException') throw error;
          throw notFound(name, region);
        });
      // SageMaker finds names whatever their case, but invocations need the case it was created with.
      if (found.EndpointName !== name) throw notFound(name, region);
      const status = found.EndpointStatus ?? 'unknown';
      if (unusable.has(status)) {
        const message = `Endpoint "${name}" is ${status}.`;
        throw new Problem('endpoint.not_usable', message, {
          errors: [{ pointer: '/endpoint/name', message }],
        });
      }
      const output = found.AsyncInferenceConfig?.OutputConfig;
      return {
        name,
        region,
        arn: found.EndpointArn?.toLowerCase() ?? '',
        status,
        createdAt: found.CreationTime?.toISOString() ?? '',
        ...(output && {
          async: {
            ...(output.S3OutputPath && { output: output.S3OutputPath }),
            ...(output.S3FailurePath && { failure: output.S3FailurePath }),
          },
        }),
      };
    },

    async list({ limit, token, region = ownRegion }) {
      const page = await clientIn(region).send(
        new ListEndpointsCommand({
          MaxResults: limit,
          SortBy: 'Name',
          SortOrder: 'Ascending',
          ...(token && { NextToken: token }),
        }),
      );
      const items = (page.Endpoints ?? []).map((endpoint) => ({
        name: endpoint.EndpointName ?? '',
        region,
        arn: endpoint.EndpointArn?.toLowerCase() ?? '',
        status: endpoint.EndpointStatus ?? 'unknown',
        createdAt: endpoint.CreationTime?.toISOString() ?? '',
      }));
      return { items, ...(page.NextToken && { nextToken: page.NextToken }) };
    },
  };
}

function notFound(name: string, region: string): Problem {
  const message = `There is no endpoint "${name}" in ${region}; names are matched in upper and lower case.`;
  return new Problem('endpoint.not_found', message, { errors: [{ pointer: '/endpoint/name', message }] });
}
