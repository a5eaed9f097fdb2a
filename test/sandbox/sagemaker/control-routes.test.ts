import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControlError } from '../../../sandbox/control-error.ts';
import { parentAccount } from '../service-adapter.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const call = async (route: string, body: Record<string, unknown> = {}) =>
  stage.sageMaker.controlRoutes[route]?.({ params: {}, query: new URLSearchParams(), body });
const post = (body: Record<string, unknown>) => call('POST /endpoints', body);
const describeEndpoint = (EndpointName: string) =>
  stage.control.send(new DescribeEndpointCommand({ EndpointName }));

describe('POST /endpoints', () => {
  it('creates an endpoint of the parent, deletes it, and makes it again as another one', async () => {
    expect(await post({ action: 'create', name: 'Churn', model: 'puppet' })).toMatchObject({
      accountId: parentAccount,
      name: 'Churn',
      arn: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/churn',
      status: 'InService',
    });
    const before = await describeEndpoint('Churn');
    await post({ action: 'recreate', name: 'Churn' });
    const after = await describeEndpoint('Churn');
    expect(after.EndpointArn).toBe(before.EndpointArn);
    expect(after.CreationTime?.getTime()).toBeGreaterThan(before.CreationTime?.getTime() ?? 0);
    await post({ action: 'delete', name: 'Churn' });
    await expect(describeEndpoint('Churn')).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('creates asynchronous ones, with variants and components, in any account and region', async () => {
    const created = await post({
      action: 'create',
      name: 'x',
      accountId: '222222222222',
      region: 'eu-west-1',
      async: { s3OutputPath: 's3://b/out' },
      variantName: 'blue',
      inferenceComponents: ['a'],
    });
    expect(created).toMatchObject({
      arn: 'arn:aws:sagemaker:eu-west-1:222222222222:endpoint/x',
      async: { s3OutputPath: 's3://b/out' },
      variantName: 'blue',
      inferenceComponents: ['a'],
    });
  });

  it('puts an endpoint into a status', async () => {
    await post({ action: 'set-status', name: 'puppet', status: 'Failed' });
    expect((await describeEndpoint('puppet')).EndpointStatus).toBe('Failed');
  });

  it.each<[string, Record<string, unknown>, number]>([
    ['no action', { name: 'x' }, 400],
    ['an unknown action', { action: 'constructor', name: 'x' }, 400],
    ['no name', { action: 'create' }, 400],
    ['a name that is none', { action: 'create', name: '-x' }, 409],
    ['a name taken in another case', { action: 'create', name: 'PUPPET' }, 409],
    ['an unknown model', { action: 'create', name: 'x', model: 'gpt' }, 400],
    ['an account that is none', { action: 'create', name: 'x', accountId: '1' }, 400],
    ['a URL that is none', { action: 'create', name: 'x', url: 'nowhere' }, 400],
    ['components that are no names', { action: 'create', name: 'x', inferenceComponents: [7] }, 400],
    ['an async without output', { action: 'create', name: 'x', async: {} }, 400],
    ['the delete of what is not there', { action: 'delete', name: 'x' }, 409],
    ['an unknown status', { action: 'set-status', name: 'puppet', status: 'Asleep' }, 400],
  ])('refuses %s', async (_, body, status) => {
    await expect(post(body)).rejects.toSatisfy(
      (error: unknown) => error instanceof ControlError && error.status === status,
    );
  });
});

describe('GET', () => {
  it('lists endpoints, and invocations that reached a model', async () => {
    expect(await call('GET /endpoints')).toMatchObject({
      endpoints: [{ name: 'Iris-Classifier' }, { name: 'storyteller' }, { name: 'puppet' }, {}, {}],
    });
    expect(await call('GET /invocations')).toEqual({ invocations: [] });
  });
});
