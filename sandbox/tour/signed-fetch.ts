/** fetch, signed with AWS Signature Version 4 for API Gateway. */

import { createHash, createHmac } from 'node:crypto';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export async function signedFetch(
  url: string,
  call: Call,
  credentials: Keys,
  region: string,
): Promise<Answer> {
  const { hostname, port, host, pathname, searchParams, protocol } = new URL(url);
  const signer = new SignatureV4({ credentials, region, service: 'execute-api', sha256: NodeSha256 });
  const signed = await signer.sign(
    new HttpRequest({
      method: call.method ?? 'GET',
      protocol,
      hostname,
      ...(port && { port: Number(port) }),
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: { host, ...call.headers },
      body: call.body,
    }),
  );
  const response = await fetch(url, {
    method: signed.method,
    headers: signed.headers,
    ...(call.body !== undefined && { body: call.body }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

class NodeSha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}
