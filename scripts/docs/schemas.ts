/** The contract's schemas as JSON Schema, each named once and referred to by its name. */

import { z } from 'zod';
import { auditSchema, auditWithFindings, findingSchema } from '../../lib/contract/audit.ts';
import { grantSchema, sharedEndpoint } from '../../lib/contract/grant.ts';
import { offerSchema } from '../../lib/contract/offer.ts';
import { type Operation, type OperationName, operations } from '../../lib/contract/operations.ts';
import { subscriptionSchema } from '../../lib/contract/subscription.ts';
import { noteOf } from './notes.ts';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** What the answers are made of, in the order in which the API document explains them. */
export const shapes = {
  Grant: grantSchema,
  Offer: offerSchema,
  Endpoint: sharedEndpoint,
  Audit: auditSchema,
  AuditWithFindings: auditWithFindings,
  Finding: findingSchema,
  Subscription: subscriptionSchema,
} as const satisfies Record<string, z.ZodType>;

export const operationNames = Object.keys(operations) as OperationName[];

/** `create-grant` → `CreateGrantBody`. */
export function bodyName(operation: OperationName): string {
  return `${operation.replace(/(^|-)([a-z])/g, (_start, _hyphen, letter: string) => letter.toUpperCase())}Body`;
}

/**
 * Every named schema, with references as OpenAPI writes them. Descriptions are the notes of notes.ts, and for what
 * callers send, the rules in words.
 */
export function components(
  saying: 'notes' | 'notes and rules' = 'notes and rules',
): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(shapes)) registry.add(schema, { id });
  for (const name of operationNames) {
    const { body }: Operation = operations[name];
    if (body) registry.add(body, { id: bodyName(name) });
  }
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: reference,
    ...(saying === 'notes and rules' && { override: describeRules }),
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _schema, $id: _id, ...schema }]) => [
      id,
      annotated(id, schema as JsonSchema),
    ]),
  );
}

/** Of a query or of the parts of a path. */
export function parametersOf(operation: Operation, place: 'params' | 'query'): JsonSchema {
  const { $schema: _schema, ...schema } = z.toJSONSchema(operation[place], {
    io: 'input',
    override: describeRules,
  });
  return annotated('Parameter', schema);
}

export function reference(id: string): string {
  return `#/components/schemas/${id}`;
}

// --- internal ---

/** The messages with which the schema refuses are the rules in words. */
function describeRules({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: JsonSchema }) {
  const { error, checks = [] } = zodSchema._zod.def;
  const rules = [error, ...checks.map((check) => check._zod.def.error)]
    .map((said) => (typeof said === 'function' ? said({} as never) : undefined))
    .filter((said) => typeof said === 'string');
  if (rules.length > 0) jsonSchema.description = sentences(rules);
}

function sentences(rules: readonly string[]): string {
  return [...new Set(rules)].map((rule) => `${rule[0]?.toUpperCase()}${rule.slice(1)}.`).join(' ');
}

function annotated(shape: string, schema: JsonSchema, path = ''): JsonSchema {
  const note = path === '' ? undefined : noteOf(shape, path);
  const description = [note, schema.description].filter(Boolean).join(' ');
  return {
    ...schema,
    ...(description !== '' && { description }),
    ...(schema.properties && {
      properties: Object.fromEntries(
        Object.entries(schema.properties).map(([name, property]) => [
          name,
          annotated(shape, property as JsonSchema, path === '' ? name : `${path}.${name}`),
        ]),
      ),
    }),
    ...(schema.items && {
      items: annotatedItems(shape, schema.items as JsonSchema, path),
    }),
    ...(schema.anyOf && {
      anyOf: schema.anyOf.map((choice) => annotatedItems(shape, choice as JsonSchema, path)),
    }),
  };
}

/** An element or an alternative has no name of its own: only what is inside it is explained. */
function annotatedItems(shape: string, schema: JsonSchema, path: string): JsonSchema {
  if (!schema.properties) return schema;
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [
        name,
        annotated(shape, property as JsonSchema, path === '' ? name : `${path}.${name}`),
      ]),
    ),
  };
}
