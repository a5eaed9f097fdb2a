/** `/_sandbox/endpoints`: what an operator would do with CreateEndpoint and DeleteEndpoint. */

import { ControlError } from '../control-error.ts';
import type { ControlCall, ControlRoutes } from '../types.ts';
import type { Endpoint, EndpointStatus, Endpoints } from './endpoints.ts';
import { type ModelName, modelNames } from './models/catalogue.ts';
import type { SageMaker } from './sagemaker.ts';

type Body = ControlCall['body'];
type Operator = Omit<SageMaker, 'controlRoutes'>;

/**
 * `POST /endpoints { action: create|delete|recreate|set-status, name, accountId?, region?, … }`,
 * create also `model?, url?, async? { s3OutputPath, s3FailurePath? }, variantName?, inferenceComponents?`, set-status also `status`.
 */
export function endpointRoutes(sageMaker: Operator, endpoints: Endpoints): ControlRoutes {
  return {
    'GET /endpoints': () => ({ endpoints: endpoints.list().map(view) }),
    'GET /invocations': () => ({ invocations: sageMaker.invocations }),
    'POST /endpoints': ({ body }) => {
      const action = actions[oneOf(body, 'action', Object.keys(actions))];
      if (!action) throw new ControlError('action is missing.');
      try {
        const endpoint = action(body, sageMaker);
        return endpoint ? view(endpoint) : {};
      } catch (error) {
        if (error instanceof ControlError) throw error;
        throw new ControlError((error as Error).message, 409);
      }
    },
  };
}

const actions: Readonly<Record<string, (body: Body, sageMaker: Operator) => Endpoint | undefined>> = {
  create: (body, sageMaker) => sageMaker.addEndpoint({ ...placeOf(body), ...seedOf(body) }),
  delete: (body, sageMaker) => void sageMaker.deleteEndpoint(placeOf(body)),
  recreate: (body, sageMaker) => sageMaker.recreateEndpoint(placeOf(body)),
  'set-status': (body, sageMaker) =>
    void sageMaker.setStatus(placeOf(body), oneOf(body, 'status', statuses) as EndpointStatus),
};

const statuses: readonly EndpointStatus[] = [
  'Creating',
  'Deleting',
  'Failed',
  'InService',
  'OutOfService',
  'RollingBack',
  'SystemUpdating',
  'UpdateRollbackFailed',
  'Updating',
];

/** The parent's, unless another account is named. */
function placeOf(body: Body) {
  const accountId = optionalText(body, 'accountId') ?? '111111111111';
  if (!/^\d{12}$/.test(accountId)) throw new ControlError('accountId must be 12 digits.');
  const region = optionalText(body, 'region');
  return { accountId, name: text(body, 'name'), ...(region && { region }) };
}

function seedOf(body: Body) {
  const url = optionalText(body, 'url');
  if (url !== undefined && !URL.canParse(url)) throw new ControlError('url must be a URL.');
  const variantName = optionalText(body, 'variantName');
  const { async, inferenceComponents } = body;
  return {
    ...(body['model'] !== undefined && { model: oneOf(body, 'model', modelNames) as ModelName }),
    ...(url && { url }),
    ...(variantName && { variantName }),
    ...(async !== undefined && { async: asyncOf(async) }),
    ...(inferenceComponents !== undefined && { inferenceComponents: textsOf(inferenceComponents) }),
  };
}

function asyncOf(value: unknown) {
  if (typeof value !== 'object' || value === null)
    throw new ControlError('async must be { s3OutputPath, s3FailurePath? }.');
  const config = value as Body;
  const s3FailurePath = optionalText(config, 's3FailurePath');
  return { s3OutputPath: text(config, 's3OutputPath'), ...(s3FailurePath && { s3FailurePath }) };
}

function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  throw new ControlError('inferenceComponents must be a list of names.');
}

function oneOf(body: Body, name: string, choices: readonly string[]): string {
  const value = body[name];
  if (typeof value === 'string' && choices.includes(value)) return value;
  throw new ControlError(`${name} must be one of: ${choices.join(', ')}.`);
}

function text(body: Body, name: string): string {
  const value = optionalText(body, name);
  if (value === undefined) throw new ControlError(`${name} is missing.`);
  return value;
}

function optionalText(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '' || value.length > 2048)
    throw new ControlError(`${name} must be text.`);
  return value;
}

function view({ model: _, ...endpoint }: Endpoint): object {
  return {
    ...endpoint,
    createdAt: new Date(endpoint.createdAt).toISOString(),
    modifiedAt: new Date(endpoint.modifiedAt).toISOString(),
  };
}
