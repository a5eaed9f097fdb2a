/** Typed, signed clients of both APIs. Their methods come from the table of operations; there is no code per operation. */

import { setTimeout as delay } from 'node:timers/promises';
import type { OperationName } from '../contract/operations.ts';
import { operations } from '../contract/operations.ts';
import { type Invocation, type Invoke, invokeThrough } from './invoke.ts';
import type { Methods } from './methods.ts';
import { createMethod } from './operation.ts';
import type { Line } from './send.ts';
import type { CredentialSource } from './sign.ts';

export interface ClientOptions {
  /** Stage included: `https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/dev`. */
  readonly apiUrl: string;
  /** Of the API. */
  readonly region: string;
  readonly credentials: CredentialSource;
  /** Of each attempt. Creating a grant waits for IAM and may take 27 s. @default 35_000 */
  readonly timeoutMs?: number;
  /** For what may be repeated without harm. @default 4 */
  readonly attemptsMax?: number;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
  readonly wait?: (ms: number) => Promise<void>;
  /** 0 to 1. */
  readonly random?: () => number;
}

export type ParentClient = Methods<'parent'>;
export type ChildClient = Methods<'child'> & { readonly invoke: Invoke };

/**
 * @example
 * const parent = createParentClient({ apiUrl, region: 'us-east-1', credentials });
 * const grant = await parent.createGrant({ endpoint: { name: 'Iris' }, child: { accountId: '222222222222' } });
 * await parent.updateGrant({ grantId: grant.id, ifMatch: grant.etag, note: 'for marketing' });
 * @throws TypeError when the address is not usable
 */
export function createParentClient(options: ClientOptions): ParentClient {
  return methodsOf('parent', lineOf(options));
}

/**
 * @example
 * const child = createChildClient({ apiUrl, region: 'us-east-1', credentials });
 * await child.acceptOffer({ alias: 'iris', offerUrl });
 * const { body } = await child.invoke('iris', { contentType: 'text/csv', body: '5.1,3.5,1.4,0.2' });
 * @throws TypeError when the address is not usable
 */
export function createChildClient(options: ClientOptions): ChildClient {
  const line = lineOf(options);
  return {
    ...methodsOf('child', line),
    invoke: (alias: string, invocation: Invocation) => invokeThrough(line, alias, invocation),
  };
}

/** Session tokens and external ids travel in these requests, so plain HTTP is for this machine only. */
export function isUsableUrl(apiUrl: string): boolean {
  if (!URL.canParse(apiUrl)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(apiUrl);
  const isLocal = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
  return (
    (protocol === 'https:' || (protocol === 'http:' && isLocal)) && username + password + search + hash === ''
  );
}

// --- internal ---

function methodsOf<Api extends 'parent' | 'child'>(api: Api, line: Line): Methods<Api> {
  const names = (Object.keys(operations) as OperationName[]).filter((name) => operations[name].api === api);
  return Object.fromEntries(
    names.map((name) => [methodName(name), createMethod(name, line)]),
  ) as unknown as Methods<Api>;
}

function methodName(name: string): string {
  return name.replace(/-([a-z])/g, (_hyphen, letter: string) => letter.toUpperCase());
}

function lineOf(options: ClientOptions): Line {
  return {
    apiUrl: checkedUrl(options.apiUrl),
    region: options.region,
    credentials: options.credentials,
    fetch: options.fetch ?? fetch,
    now: options.now ?? Date.now,
    wait: options.wait ?? ((ms) => delay(ms)),
    random: options.random ?? Math.random,
    timeoutMs: options.timeoutMs ?? 35_000,
    attemptsMax: options.attemptsMax ?? 4,
  };
}

function checkedUrl(apiUrl: string): string {
  if (!isUsableUrl(apiUrl))
    throw new TypeError('apiUrl must be an https:// address without query or user name.');
  const { origin, pathname } = new URL(apiUrl);
  return origin + pathname.replace(/\/+$/, '');
}
