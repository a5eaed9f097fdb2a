import { describe, expect, it } from 'vitest';
import { type Operation, operations, relayRoutes } from '../../../lib/contract/operations.ts';

const rows = Object.entries<Operation>(operations);

describe.each(rows)('%s', (_name, operation) => {
  it('has a schema for every part of its path', () => {
    const parts = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, part]) => part);
    expect(Object.keys(operation.params.shape).sort()).toEqual(parts.sort());
  });

  it('refuses queries and parts that it does not know', () => {
    expect(operation.query.safeParse({ colour: 'green' }).success).toBe(false);
    expect(operation.params.safeParse({ colour: 'green' }).success).toBe(false);
    if (operation.body) expect(operation.body.safeParse({ colour: 'green' }).success).toBe(false);
  });

  it('reads without a body', () => {
    const mayHaveBody = operation.method === 'POST' || operation.method === 'PATCH';
    expect(operation.body === undefined || mayHaveBody).toBe(true);
  });

  it('does what the marks of its row say', () => {
    // What may be repeated for its key alone is not harmless without one; what is guarded is guarded by a tag.
    expect(operation.keyed && operation.idempotent).toBeFalsy();
    expect(!operation.guarded || operation.tagged).toBe(true);
    expect(operation.success.every((status) => status >= 200 && status < 300)).toBe(true);
  });

  it('says in one sentence what it is for', () => {
    expect(operation.summary).toMatch(/^[A-Z].{10,100}\.$/);
  });
});

describe('the routes', () => {
  it('are all different, of both APIs', () => {
    const routes = [...rows.map(([, row]) => row), ...Object.values(relayRoutes)].map(
      ({ method, path }) => `${method} ${path}`,
    );
    expect(routes).toHaveLength(new Set(routes).size);
  });
});
