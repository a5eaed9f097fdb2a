import { type Sandbox, type SandboxOptions, startSandbox as start } from '../../sandbox/sandbox.ts';
import { createSecrecy, type Secrecy } from './secrecy.ts';
import { type Answer, type Call, signedFetch } from './signed-fetch.ts';

/** A sandbox for one test file, with signed HTTP as any of its accounts. Schedules stand still unless asked for. */
export interface TestSandbox extends Sandbox {
  /** `asParent.post('/grants', body)`; a path leads to the account's own API, a URL anywhere. */
  readonly asParent: Person;
  readonly asChild: Person;
  /** Has no API of its own: its paths lead to the parent's. */
  readonly asOutsider: Person;
  /** Every secret that went through the sandbox, and every line that its functions wrote. */
  readonly secrecy: Secrecy;
  /** Rejects when a secret was written. */
  close(): Promise<void>;
}

type Body = Answer['json'];

export interface Person {
  get<T = Body>(path: string, call?: Call): Promise<Answer<T>>;
  post<T = Body>(path: string, body?: unknown, call?: Call): Promise<Answer<T>>;
  patch<T = Body>(path: string, body: unknown, call?: Call): Promise<Answer<T>>;
  delete<T = Body>(path: string, call?: Call): Promise<Answer<T>>;
  /** Any method, any bytes. */
  send<T = Body>(method: string, path: string, call?: Call): Promise<Answer<T>>;
  /** What an AWS SDK client needs to be this person. */
  readonly sdk: {
    readonly region: string;
    readonly endpoint: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: 1;
  };
}

export async function startSandbox(options: SandboxOptions = {}): Promise<TestSandbox> {
  const secrecy = createSecrecy();
  const watcher = {
    secret: secrecy.keep,
    line: ({ function: name, line }: { readonly function: string; readonly line: string }) =>
      secrecy.hear(name, line),
  };
  const sandbox = await start({ schedules: false, watcher, ...options });
  const { parent, child, outsider, region, awsEndpointUrl } = sandbox.describe;
  const person = (base: string, credentials: Person['sdk']['credentials']): Person => {
    const send: Person['send'] = (method, path, call = {}) =>
      signedFetch(method, path.startsWith('http') ? path : base + path, { credentials, region, ...call });
    const withJson = (body: unknown, call: Call = {}): Call => ({
      ...call,
      headers: { 'content-type': 'application/json', ...call.headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return {
      send,
      get: (path, call) => send('GET', path, call),
      delete: (path, call) => send('DELETE', path, call),
      post: (path, body, call) => send('POST', path, withJson(body, call)),
      patch: (path, body, call) => send('PATCH', path, withJson(body, call)),
      sdk: { region, endpoint: awsEndpointUrl, credentials, maxAttempts: 1 },
    };
  };
  return {
    ...sandbox,
    secrecy,
    async close() {
      await sandbox.close();
      secrecy.search();
    },
    asParent: person(parent.apiUrl, parent.credentials),
    asChild: person(child.apiUrl, child.credentials),
    asOutsider: person(parent.apiUrl, outsider.credentials),
  };
}
