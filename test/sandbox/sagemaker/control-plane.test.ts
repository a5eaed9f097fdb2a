import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  ListEndpointsCommand,
  type ListEndpointsCommandInput,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aRequest, childAccount, parentAccount } from '../service-adapter.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const describeEndpoint = (EndpointName: string) =>
  stage.control.send(new DescribeEndpointCommand({ EndpointName }));
const list = (input: ListEndpointsCommandInput = {}) => stage.control.send(new ListEndpointsCommand(input));

describe('DescribeEndpoint', () => {
  it('answers the name as it was given and the ARN in lower case', async () => {
    expect(await describeEndpoint('Iris-Classifier')).toMatchObject({
      EndpointName: 'Iris-Classifier',
      EndpointArn: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/iris-classifier',
      EndpointStatus: 'InService',
      ProductionVariants: [{ VariantName: 'AllTraffic' }],
      CreationTime: expect.any(Date),
    });
  });

  it('tells where an asynchronous endpoint writes', async () => {
    const { AsyncInferenceConfig } = await describeEndpoint('Iris-Classifier-Async');
    expect(AsyncInferenceConfig?.OutputConfig).toEqual({
      S3OutputPath: 's3://sharemaker-dev-async-111111111111-us-east-1/',
      S3FailurePath: 's3://sharemaker-dev-async-111111111111-us-east-1/failures/',
    });
    expect((await describeEndpoint('puppet')).AsyncInferenceConfig).toBeUndefined();
  });

  it('says in AWS’s words that there is none, in another account and region too', async () => {
    await expect(describeEndpoint('Nowhere')).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'Could not find endpoint "arn:aws:sagemaker:us-east-1:111111111111:endpoint/nowhere".',
      $metadata: { httpStatusCode: 400 },
    });
    for (const config of [
      stage.server.clientOf(childAccount),
      stage.server.clientOf(parentAccount, 'eu-west-1'),
    ])
      await expect(
        new SageMakerClient(config).send(new DescribeEndpointCommand({ EndpointName: 'puppet' })),
      ).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('asks for the lower-cased ARN, and refuses before it says whether there is one', async () => {
    await describeEndpoint('Iris-Classifier');
    expect(stage.questions).toMatchObject([
      {
        action: 'sagemaker:DescribeEndpoint',
        resource: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/iris-classifier',
      },
    ]);
    stage.rules.isAllowed = () => false;
    await expect(describeEndpoint('Nowhere')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it.each(['-bad', 'a/b', 'x'.repeat(64)])('refuses the name %s', async (name) => {
    await expect(describeEndpoint(name)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('endpointName'),
    });
  });
});

describe('DescribeEndpointConfig', () => {
  it('is found by the name that DescribeEndpoint gave', async () => {
    const { EndpointConfigName } = await describeEndpoint('puppet-async');
    expect(await stage.control.send(new DescribeEndpointConfigCommand({ EndpointConfigName }))).toMatchObject(
      {
        EndpointConfigArn: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint-config/puppet-async-config',
        AsyncInferenceConfig: { OutputConfig: { S3OutputPath: expect.any(String) } },
        ProductionVariants: [{ VariantName: 'AllTraffic' }],
      },
    );
    await expect(
      stage.control.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'nothing' })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('ListEndpoints', () => {
  it.each([1, 2, 3, 100])('gives every endpoint once, %i at a time', async (MaxResults) => {
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await list({
        MaxResults,
        SortBy: 'Name',
        SortOrder: 'Ascending',
        ...(NextToken && { NextToken }),
      });
      seen.push(...(page.Endpoints ?? []).map(({ EndpointName }) => EndpointName));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(seen).toEqual([
      'Iris-Classifier',
      'Iris-Classifier-Async',
      'puppet',
      'puppet-async',
      'storyteller',
    ]);
  });

  it('filters by part of the name and by status, newest first unless told otherwise', async () => {
    const names = async (input: ListEndpointsCommandInput) =>
      (await list(input)).Endpoints?.map(({ EndpointName }) => EndpointName);
    expect(await names({ NameContains: 'iris' })).toEqual(['Iris-Classifier-Async', 'Iris-Classifier']);
    stage.sageMaker.setStatus({ accountId: parentAccount, name: 'puppet' }, 'Updating');
    expect(await names({ StatusEquals: 'Updating' })).toEqual(['puppet']);
    expect(await names({ CreationTimeAfter: new Date(Date.UTC(2031, 0, 1)) })).toEqual([]);
  });

  it('asks on * and lists nothing of other accounts', async () => {
    const child = new SageMakerClient(stage.server.clientOf(childAccount));
    expect((await child.send(new ListEndpointsCommand({}))).Endpoints).toEqual([]);
    expect(stage.questions).toMatchObject([{ action: 'sagemaker:ListEndpoints', resource: '*' }]);
  });

  it.each<[string, object]>([
    ['more than 100 results', { MaxResults: 101 }],
    ['no results', { MaxResults: 0 }],
    ['another order', { SortBy: 'Colour' }],
    ['another direction', { SortOrder: 'Sideways' }],
    ['a token that it did not give', { NextToken: 'abc' }],
  ])('refuses %s', async (_, input) => {
    await expect(list(input as ListEndpointsCommandInput)).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('refuses a token of another query', async () => {
    const { NextToken } = await list({ MaxResults: 1 });
    await expect(list({ NameContains: 'iris', NextToken })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('what it does not have', () => {
  it.each([
    [{ 'x-amz-target': 'SageMaker.CreateEndpoint' }, '/'],
    [{}, '/endpoints/puppet/invoke'],
    [{}, '/'],
  ])('is said of %o %s', async (headers, path) => {
    const response = await stage.sageMaker.service.handle(aRequest({ headers, path }));
    expect(response).toMatchObject({
      status: 404,
      headers: { 'x-amzn-errortype': 'UnknownOperationException' },
    });
  });
});

describe('operations by name', () => {
  it.each([
    ['/endpoints/puppet/invocations', 'InvokeEndpoint'],
    ['/endpoints/puppet/async-invocations', 'InvokeEndpointAsync'],
    ['/endpoints/puppet/invocations-response-stream', 'InvokeEndpointWithResponseStream'],
    ['/endpoints', undefined],
  ])('%s is %s', (path, operation) => {
    expect(stage.sageMaker.service.operationOf(aRequest({ path }))).toBe(operation);
  });
});
