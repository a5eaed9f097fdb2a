import type { ClientOptions } from '../../../lib/client/client.ts';

export const grantId = 'grt_01jd0000000000000000000001';

export const aGrant = {
  id: grantId,
  endpoint: {
    name: 'Iris-Classifier',
    region: 'us-east-1',
    arn: 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/iris-classifier',
  },
  child: { accountId: '222222222222' },
  modes: ['sync'],
  expiresAt: '2027-02-21T00:00:00.000Z',
  status: 'active',
  role: { arn: `arn:aws:iam::111111111111:role/sharemaker/222222222222/sharemaker-${grantId}` },
  externalId: 'an-external-id-for-tests',
  warnings: [],
  probes: [],
  createdAt: '2026-11-24T00:00:00.000Z',
  createdBy: 'arn:aws:iam::111111111111:user/admin',
  updatedAt: '2026-11-24T00:00:00.000Z',
  version: 3,
  history: [],
};

export interface SeenRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Reply = Response | Error | ((request: SeenRequest, signal: AbortSignal) => Response | Promise<Response>);

/** An API that gives one reply after the other, the last one for ever, and remembers what it was asked. */
export function fakeApi(...replies: Reply[]) {
  const requests: SeenRequest[] = [];
  const pauses: number[] = [];
  const options: ClientOptions = {
    apiUrl: 'https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/dev',
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a-secret-key-for-tests' },
    now: () => Date.parse('2026-11-24T12:00:00Z'),
    random: () => 1,
    wait: async (ms) => {
      pauses.push(ms);
    },
    fetch: async (input, init = {}) => {
      const request = {
        url: String(input),
        method: init.method ?? 'GET',
        headers: init.headers as Record<string, string>,
        body: init.body,
      };
      requests.push(request);
      const reply = replies[Math.min(requests.length, replies.length) - 1];
      if (reply instanceof Error) throw reply;
      if (typeof reply === 'function') return reply(request, init.signal as AbortSignal);
      return (reply as Response).clone();
    },
  };
  return { options, requests, pauses };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

export function problemReply(status: number, code: string, more: Record<string, unknown> = {}): Response {
  return json(status, {
    type: `urn:sharemaker:problem:${code}`,
    title: 'A title',
    status,
    detail: 'A detail.',
    instance: '/',
    code,
    requestId: 'request-1',
    ...more,
  });
}
