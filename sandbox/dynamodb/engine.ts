/**
 * One dynalite, called in process. It listens on no port: dynalite checks no signature,
 * so an open port would be a way around IAM.
 */

import { EventEmitter } from 'node:events';
import dynalite from 'dynalite';
import { AwsFault } from '../aws-fault.ts';

export interface Engine {
  /** `call('GetItem', '{"TableName":…}')`. @throws AwsFault SerializationException */
  call(operation: string, body: string | Buffer): Promise<EngineAnswer>;
}

interface EngineAnswer {
  readonly status: number;
  readonly body: string;
}

export function createEngine(accountId: string, region: string): Engine {
  const server = underName(accountId, region, () =>
    dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }),
  );
  return {
    call: (operation, body) =>
      new Promise((resolve, reject) => {
        const request = Object.assign(new EventEmitter(), {
          method: 'POST',
          url: '/',
          headers: { ...unsigned, 'x-amz-target': `DynamoDB_20120810.${operation}` },
        });
        const response = {
          statusCode: 200,
          setHeader: () => undefined,
          end: (text = '') => resolve({ status: response.statusCode, body: String(text) }),
        };
        server.emit('request', request, response);
        request.emit('data', Buffer.from(body));
        try {
          request.emit('end');
        } catch (cause) {
          // dynalite validates before it first waits, and trips over some values that are not DynamoDB's JSON, such as null.
          reject(Object.assign(malformed(), { cause }));
        }
      }),
  };
}

function malformed(): AwsFault {
  return new AwsFault('SerializationException', 400, 'The request body is not what DynamoDB takes.');
}

/** dynalite looks for these, and no further. */
const unsigned = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20300101T000000Z',
  authorization: 'AWS4-HMAC-SHA256 Credential=in/process/call, SignedHeaders=host, Signature=none',
};

/** dynalite takes the account and region of its ARNs from the environment, once, when it is made. */
function underName<T>(accountId: string, region: string, make: () => T): T {
  const before = { AWS_ACCOUNT_ID: process.env['AWS_ACCOUNT_ID'], AWS_REGION: process.env['AWS_REGION'] };
  Object.assign(process.env, { AWS_ACCOUNT_ID: accountId, AWS_REGION: region });
  try {
    return make();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
