/**
 * One DynamoDB table in memory, for tests that make a hundred thousand calls. It takes the document client's commands and
 * knows the expressions that lib/grant/grant-store.ts writes, and no others: anything else throws. The store's own suite
 * runs against this and against the sandbox's DynamoDB, so that the two cannot differ unnoticed.
 */

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';

export interface MemoryTable {
  /** What `DynamoDBDocumentClient.send` would answer. */
  run(operation: string, input: CommandInput): Record<string, unknown>;
}

export type Item = Readonly<Record<string, unknown>>;

export interface CommandInput {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly IndexName?: string;
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
  readonly ScanIndexForward?: boolean;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: Item;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Item[] }>>;
}

/** @param indexes name → [hash key, range key] */
export function createMemoryTable(
  key: string,
  indexes: Readonly<Record<string, readonly [string, string]>>,
): MemoryTable {
  const items = new Map<unknown, Item>();
  const get = (id: unknown) => items.get(id);

  const operations: Readonly<Record<string, (input: CommandInput) => Record<string, unknown>>> = {
    Get: ({ Key }) => ({ Item: structuredClone(get(Key?.[key])) }),
    Put: (input) => {
      const id = input.Item?.[key];
      demand(input, get(id));
      items.set(id, plain(input.Item ?? {}));
      return {};
    },
    Update: (input) => {
      const id = input.Key?.[key];
      demand(input, get(id));
      items.set(id, updated(get(id) ?? { [key]: id }, input));
      return {};
    },
    Query: (input) => {
      const [hash, range] = indexes[input.IndexName ?? ''] ?? [];
      if (!hash || !range) throw new Error(`There is no index ${input.IndexName}.`);
      const from = input.ExclusiveStartKey;
      const direction = input.ScanIndexForward === false ? -1 : 1;
      const order = (a: Item, b: Item) => direction * compare([a[range], a[key]], [b[range], b[key]]);
      const found = [...items.values()]
        .filter((item) => item[hash] !== undefined && item[range] !== undefined)
        .filter((item) => isTrue(input.KeyConditionExpression, input, item))
        .sort(order)
        .filter((item) => !from || order(item, from) > 0);
      const page = found.slice(0, input.Limit);
      const last = page.at(-1);
      const kept = page.filter((item) => isTrue(input.FilterExpression, input, item));
      return {
        Items: structuredClone(kept),
        Count: kept.length,
        ...(last &&
          found.length > page.length && {
            LastEvaluatedKey: { [key]: last[key], [hash]: last[hash], [range]: last[range] },
          }),
      };
    },
    BatchGet: ({ RequestItems = {} }) => ({
      Responses: Object.fromEntries(
        Object.entries(RequestItems).map(([table, { Keys }]) => [
          table,
          Keys.flatMap((each) => structuredClone(get(each[key])) ?? []),
        ]),
      ),
    }),
  };

  return {
    run(operation, input) {
      const run = operations[operation];
      if (!run) throw new Error(`The table in memory does not know ${operation}.`);
      return run(input);
    },
  };
}

function demand(input: CommandInput, item: Item | undefined): void {
  if (!isTrue(input.ConditionExpression, input, item ?? {}))
    throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
}

/** `a = :b AND (c < :d OR attribute_not_exists(e))`, with NOT, IN and `<=`. */
function isTrue(expression: string | undefined, input: CommandInput, item: Item): boolean {
  if (expression === undefined) return true;
  const tokens = expression.match(/\w+\([^():]*\)|<=|[=<(),]|[#:]?\w+/g) ?? [];
  let at = 0;
  const take = (expected?: string) => {
    const token = tokens[at++];
    if (token === undefined || (expected !== undefined && token !== expected))
      throw new Error(`The table in memory cannot read "${expression}".`);
    return token;
  };
  const value = (token: string): unknown => {
    if (token.startsWith(':')) return input.ExpressionAttributeValues?.[token];
    return item[input.ExpressionAttributeNames?.[token] ?? token];
  };
  const comparison = (): boolean => {
    const token = take();
    const exists = /^attribute_(not_)?exists\((\w+)\)$/.exec(token);
    if (exists) return (item[exists[2] ?? ''] === undefined) === Boolean(exists[1]);
    if (token === 'NOT') return !comparison();
    if (token === '(') {
      const inner = either();
      take(')');
      return inner;
    }
    const left = value(token);
    const operator = take();
    if (operator === 'IN') {
      take('(');
      const options: unknown[] = [];
      do options.push(value(take()));
      while (take() === ',');
      return options.includes(left);
    }
    const right = value(take());
    if (operator === '=') return left === right;
    if (left === undefined) return false;
    if (operator === '<') return compare([left], [right]) < 0;
    if (operator === '<=') return compare([left], [right]) <= 0;
    throw new Error(`The table in memory does not know ${operator}.`);
  };
  const both = (): boolean => {
    let all = comparison();
    while (tokens[at] === 'AND') {
      at++;
      const next = comparison();
      all = all && next;
    }
    return all;
  };
  const either = (): boolean => {
    let any = both();
    while (tokens[at] === 'OR') {
      at++;
      const next = both();
      any = any || next;
    }
    return any;
  };
  return either();
}

/** `SET a = :b, #c = :d REMOVE e, f` */
function updated(item: Item, input: CommandInput): Item {
  const [, sets = '', removes = ''] = /^SET (.+?)(?: REMOVE (.+))?$/.exec(input.UpdateExpression ?? '') ?? [];
  const name = (token: string) => input.ExpressionAttributeNames?.[token] ?? token;
  const assigned = sets.split(', ').map((set) => {
    const [target = '', source = ''] = set.split(' = ');
    return [name(target), input.ExpressionAttributeValues?.[source]];
  });
  const removed = new Set(removes.split(', ').map(name));
  return plain(
    Object.fromEntries(
      Object.entries({ ...item, ...Object.fromEntries(assigned) }).filter(([key]) => !removed.has(key)),
    ),
  );
}

/** As DynamoDB keeps it: a copy, without what is undefined. */
function plain(item: Item): Item {
  return JSON.parse(JSON.stringify(item)) as Item;
}

function compare(left: readonly unknown[], right: readonly unknown[]): number {
  for (const [index, a] of left.entries()) {
    const b = right[index];
    if (a === b) continue;
    return (a as string | number) < (b as string | number) ? -1 : 1;
  }
  return 0;
}
