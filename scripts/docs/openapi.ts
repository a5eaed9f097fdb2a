/** docs/openapi.json: both APIs as OpenAPI 3.1. */

import {
  type Operation,
  type OperationName,
  operations,
  relayRoutes,
} from '../../lib/contract/operations.ts';
import { problems } from '../../lib/contract/problems.ts';
import { type Example, examples } from './examples.ts';
import { commonRefusals, refusalsOf } from './refusals.ts';
import {
  bodyName,
  components,
  type JsonSchema,
  operationNames,
  parametersOf,
  reference,
  shapes,
} from './schemas.ts';

export function openApiDocument(): Readonly<Record<string, unknown>> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sharemaker',
      version: '0.1.0',
      summary: 'Share SageMaker endpoints between AWS accounts.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [
      { name: 'parent', description: 'The grant API, in the account that owns the endpoints.' },
      { name: 'child', description: 'The invoke API, in the account that wants predictions.' },
    ],
    security: [{ sigv4: [] }],
    paths: paths(),
    components: {
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4, service execute-api.',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
      },
      schemas: { ...components(), Problem: problemSchema },
    },
  };
}

// --- internal ---

function paths(): Record<string, Record<string, unknown>> {
  const items: Record<string, Record<string, unknown>> = {};
  for (const name of operationNames) {
    const operation: Operation = operations[name];
    const item = items[operation.path] ?? { servers: [serverOf(operation.api)] };
    items[operation.path] = { ...item, [operation.method.toLowerCase()]: operationObject(name, operation) };
  }
  for (const [mode, { method, path }] of Object.entries(relayRoutes))
    items[path] = { servers: [serverOf('child')], [method.toLowerCase()]: relayObject(mode, path) };
  return items;
}

function serverOf(api: 'parent' | 'child') {
  return {
    url: 'https://{apiId}.execute-api.{region}.amazonaws.com/{stage}',
    description: api === 'parent' ? "The parent's API" : "The child's API",
    variables: {
      apiId: { default: 'a1b2c3d4e5', description: `Of the ${api}'s stack.` },
      region: { default: 'us-east-1' },
      stage: { default: 'dev' },
    },
  };
}

function operationObject(name: OperationName, operation: Operation) {
  const example: Example<OperationName> = examples[name];
  return {
    operationId: name,
    tags: [operation.api],
    summary: operation.summary,
    parameters: [
      ...parameterObjects('path', parametersOf(operation, 'params')),
      ...parameterObjects('query', parametersOf(operation, 'query')),
      ...headerParameters(operation),
    ],
    ...(operation.body && {
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { $ref: reference(bodyName(name)) },
            ...(example.body !== undefined && { example: example.body as object }),
          },
        },
      },
    }),
    responses: { ...successes(name, operation), ...refusals(name) },
  };
}

function parameterObjects(place: 'path' | 'query', schema: JsonSchema) {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const { description, ...rest } = property as JsonSchema;
    const isRequired = place === 'path' || (schema.required?.includes(name) ?? false);
    return { name, in: place, required: isRequired, ...(description && { description }), schema: rest };
  });
}

function headerParameters({ guarded, keyed }: Operation) {
  const text = { type: 'string' };
  return [
    ...(guarded
      ? [{ name: 'If-Match', in: 'header', required: true, description: 'The ETag, or *.', schema: text }]
      : []),
    ...(keyed
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description: 'Makes the request safe to repeat.',
            schema: { type: 'string', pattern: '^[!-~]{1,128}$' },
          },
        ]
      : []),
  ];
}

function successes(name: OperationName, operation: Operation) {
  const schema = answerSchema(operation);
  const { answer }: Example<OperationName> = examples[name];
  return Object.fromEntries(
    operation.success.map((status) => [
      status,
      {
        description: status === 202 ? 'Under way.' : 'Done.',
        ...(operation.tagged && { headers: { ETag: { schema: { type: 'string' } } } }),
        ...(schema && {
          content: {
            'application/json': { schema, ...(answer !== undefined && { example: answer }) },
          },
        }),
      },
    ]),
  );
}

/** A named shape, a page of one, or nothing. */
function answerSchema({ answer }: Operation): object | undefined {
  const nameOf = (schema: unknown) => Object.entries(shapes).find(([, shape]) => shape === schema)?.[0];
  const name = nameOf(answer);
  if (name) return { $ref: reference(name) };
  if (!('shape' in answer)) return undefined;
  const { items } = answer.shape as { items: { element: unknown } };
  return {
    type: 'object',
    properties: {
      items: { type: 'array', items: { $ref: reference(nameOf(items.element) ?? 'never') } },
      nextCursor: { type: 'string', description: 'Leads to the next page; absent on the last.' },
    },
    required: ['items'],
  };
}

/** By status, because OpenAPI knows no others; the codes stand in the description. */
function refusals(name: OperationName) {
  const codes = [...refusalsOf(name), ...commonRefusals];
  const byStatus = Map.groupBy(codes, (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.map((code) => `${code}: ${problems[code].title}.`).join('\n'),
        content: { 'application/problem+json': { schema: { $ref: reference('Problem') } } },
      },
    ]),
  );
}

function relayObject(mode: string, path: string) {
  const bytes = { '*/*': { schema: {} } };
  return {
    operationId: `invoke-${mode.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    tags: ['child'],
    summary: "SageMaker Runtime's own protocol; docs/api.md says the rest.",
    parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(!mode.startsWith('async') || mode === 'async' ? { requestBody: { content: bytes } } : {}),
    responses: {
      '2XX': { description: "SageMaker's answer, as it came.", content: bytes },
      default: {
        description: "An error in SageMaker's own shape; its type is in x-amzn-errortype.",
        content: {
          'application/json': {
            schema: { type: 'object', properties: { Message: { type: 'string' } }, required: ['Message'] },
          },
        },
      },
    },
  };
}

const problemSchema = {
  type: 'object',
  description: 'RFC 9457.',
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { type: 'string', enum: Object.keys(problems), description: 'A name for programs.' },
    remedy: { type: 'string', description: 'What to do next, for people.' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { pointer: { type: 'string' }, message: { type: 'string' } },
        required: ['pointer', 'message'],
      },
    },
  },
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'remedy', 'requestId'],
};
