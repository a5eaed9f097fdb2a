/** Signature Version 4 for API Gateway. */

import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Keys, or where to get them: any credential provider of the AWS SDK fits. */
export type CredentialSource = Credentials | (() => Promise<Credentials>);

export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** The headers to send, signature included; `Host` is left to the one who sends. */
export async function signedHeaders(
  { method, url, headers, body }: UnsignedRequest,
  signing: { readonly credentials: CredentialSource; readonly region: string; readonly now: number },
): Promise<Record<string, string>> {
  const { credentials, region } = signing;
  const signer = new SignatureV4({
    credentials: typeof credentials === 'function' ? await credentials() : credentials,
    region,
    service: 'execute-api',
    sha256: NodeHash,
  });
  const request = new HttpRequest({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: queryOf(url),
    headers: { ...headers, host: url.host },
    body,
  });
  const signed = await signer.sign(request, { signingDate: new Date(signing.now) });
  const { host: _host, ...rest } = signed.headers;
  return rest;
}

// --- internal ---

/** A repeated name keeps all its values: each is signed. */
function queryOf({ searchParams }: URL): Record<string, string[]> {
  return Object.fromEntries(
    [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]),
  );
}

/** The shape in which the signer wants its hash. */
class NodeHash {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function bytesOf(secret: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof secret === 'string') return secret;
  return ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret);
}
