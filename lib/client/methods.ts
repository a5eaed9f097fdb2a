/** The client's methods, as types: made from the table of operations, so that a new operation needs no line here. */

import type { z } from 'zod';
import type { Answer, Body, OperationName, operations } from '../contract/operations.ts';

type Row<Name extends OperationName> = (typeof operations)[Name];

export type OperationOf<Api extends 'parent' | 'child'> = {
  [Name in OperationName]: Row<Name>['api'] extends Api ? Name : never;
}[OperationName];

/** `create-grant` → `createGrant`. */
export type MethodName<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<MethodName<Tail>>}`
  : Name;

/** Everything a request carries, side by side: parts of the path, query, headers, body. */
export type Fields<Name extends OperationName> = Together<
  Given<Row<Name>['params']> &
    Given<Row<Name>['query']> &
    (Body<Name> extends undefined ? unknown : Body<Name>) &
    // The ETag of the grant as it was read.
    (Row<Name> extends { guarded: true } ? { readonly ifMatch: string } : unknown) &
    // Made up when absent, so that a repetition is safe; give one to be safe across crashes as well.
    (Row<Name> extends { keyed: true } ? { readonly idempotencyKey?: string } : unknown)
>;

export type Answered<Name extends OperationName> = Answer<Name> &
  (Row<Name> extends { tagged: true } ? { readonly etag: string } : unknown);

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Of each attempt. */
  readonly timeoutMs?: number;
}

/** Throws ClientProblem. */
export type Method<Name extends OperationName> = (
  ...given: Record<never, never> extends Fields<Name>
    ? [fields?: Fields<Name>, options?: CallOptions]
    : [fields: Fields<Name>, options?: CallOptions]
) => Promise<Answered<Name>>;

/** `for await (const grant of parent.listGrants.all({ status: 'active' }))`: all pages, one item at a time. */
export type PagedMethod<Name extends OperationName> = Method<Name> & {
  readonly all: (...given: Parameters<Method<Name>>) => AsyncIterable<ItemOf<Answer<Name>>>;
};

export type Methods<Api extends 'parent' | 'child'> = {
  readonly [Name in OperationOf<Api> as MethodName<Name>]: 'cursor' extends keyof Row<Name>['query']['shape']
    ? PagedMethod<Name>
    : Method<Name>;
};

type ItemOf<Page> = Page extends { items: (infer Item)[] }
  ? Item
  : Page extends { findings: (infer Item)[] }
    ? Item
    : never;

/** What may be left out of the input may be left out; what is given has the type that comes out. */
type Given<Schema extends z.ZodObject> = keyof Schema['shape'] extends never
  ? unknown
  : { [Key in keyof z.input<Schema>]: z.output<Schema>[Key & keyof z.output<Schema>] };

type Together<T> = { [Key in keyof T]: T[Key] };
