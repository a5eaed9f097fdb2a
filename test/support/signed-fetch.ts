import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Somebody else's keys, such as those of an assumed role. */
  readonly credentials?: Keys;
  readonly signal?: AbortSignal;
}

/** @template T what the test expects the body to be; it is the test's business to show it */
export interface Answer<T = Readonly<Record<string, unknown>>> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Buffer;
  /** Undefined when the body is no JSON. */
  readonly json: T;
}

/** fetch, signed with Signature Version 4 for API Gateway. */
export async function signedFetch<T>(
  method: string,
  url: string,
  call: Call & { readonly credentials: Keys; readonly region: string; readonly service?: string },
): Promise<Answer<T>> {
  const response = await signedResponse(method, url, call);
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString();
  return { status: response.status, headers: response.headers, text, bytes, json: parseJson(text) as T };
}

/** The same, answered as soon as the headers are there. */
export async function signedResponse(
  method: string,
  url: string,
  call: Call & { readonly credentials: Keys; readonly region: string; readonly service?: string },
): Promise<Response> {
  const { credentials, region, service = 'execute-api', headers, body, signal } = call;
  const { protocol, hostname, port, host, pathname, searchParams } = new URL(url);
  const query = Object.fromEntries(
    [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]),
  );
  const signer = new SignatureV4({ credentials, region, service, sha256: NodeHash });
  const signed = await signer.sign(
    new HttpRequest({
      method,
      protocol,
      hostname,
      port: Number(port),
      path: pathname,
      query,
      headers: { ...headers, host },
      body,
    }),
  );
  return fetch(url, {
    method,
    headers: signed.headers,
    ...(body !== undefined && { body: body as string | Uint8Array<ArrayBuffer> }),
    ...(signal && { signal }),
  });
}

class NodeHash {
  readonly #hash: Hash | Hmac;
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
