/** S3 for what asynchronous inference needs: objects of up to 30 MB in buckets of several accounts, addressed path-style. */

import { AwsFault } from '../aws-fault.ts';
import type { PolicyDocument } from '../policy/document.ts';
import type { Authorize, Clock, Service } from '../types.ts';
import { operations, type S3Call } from './operations.ts';
import { parseTarget } from './request.ts';
import { createBucketStore, type StoredObject, storeObject } from './store.ts';
import { xmlError } from './xml.ts';

export interface S3 {
  readonly service: Service;
  /** Gives an existing bucket of the same owner the policy. @throws Error when another account has the name. */
  createBucket(
    accountId: string,
    name: string,
    options?: { readonly region?: string; readonly policy?: PolicyDocument },
  ): void;
  ownerOf(bucket: string): string | undefined;
  /** In process and without asking IAM: what an AWS service does with a role of its own. */
  get(bucket: string, key: string): StoredObject | undefined;
  /** @throws Error when there is no such bucket. */
  put(bucket: string, key: string, object: { readonly body: Buffer; readonly contentType?: string }): void;
}

export function createS3({ clock, authorize }: { readonly clock: Clock; readonly authorize: Authorize }): S3 {
  const store = createBucketStore();
  return {
    service: {
      scopes: ['s3'],
      operationOf: (request) => parseTarget(request)?.operation,
      async handle(request) {
        const isHead = request.method === 'HEAD';
        try {
          const target = parseTarget(request);
          if (!target)
            throw new AwsFault('NotImplemented', 501, 'The sandbox does not have this operation of S3.');
          const call: S3Call = { request, ...target, store, clock, authorize };
          const response = await operations[target.operation](call);
          return { ...response, headers: { 'x-amz-request-id': request.id, ...response.headers } };
        } catch (error) {
          // An answer to HEAD has no body, so an error there is a status alone.
          if (error instanceof AwsFault) return xmlError(error, request.id, isHead);
          throw error;
        }
      },
      error: (error, requestId) => xmlError(error, requestId, false),
    },
    createBucket(accountId, name, { region = 'us-east-1', policy } = {}) {
      const existing = store.find(name);
      if (existing && existing.ownerId !== accountId)
        throw new Error(`The bucket ${name} belongs to another account.`);
      const bucket = store.create({
        name,
        ownerId: accountId,
        region,
        createdAt: existing?.createdAt ?? clock.now(),
        ...(policy && { policy }),
      });
      for (const [key, object] of existing?.objects ?? []) bucket.objects.set(key, object);
    },
    ownerOf: (bucket) => store.find(bucket)?.ownerId,
    get: (bucket, key) => store.find(bucket)?.objects.get(key),
    put(name, key, { body, contentType }) {
      const bucket = store.find(name);
      if (!bucket) throw new Error(`There is no bucket ${name}.`);
      const headers = contentType === undefined ? {} : { 'content-type': contentType };
      storeObject(bucket, key, { body, headers, modifiedAt: clock.now() });
    },
  };
}
