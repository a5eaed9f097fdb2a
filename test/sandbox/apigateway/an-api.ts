import type { AccessQuestion, Caller, ServiceRequest, ServiceResponse } from '../../../sandbox/types.ts';

export const childAdmin: Caller = {
  type: 'User',
  accountId: '222222222222',
  arn: 'arn:aws:iam::222222222222:user/admin',
  principalArn: 'arn:aws:iam::222222222222:user/admin',
  userId: 'AIDAEXAMPLE',
  accessKeyId: 'AKIAEXAMPLE',
  username: 'admin',
};

export function aRequest(overrides: Partial<ServiceRequest> = {}): ServiceRequest {
  return {
    id: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    method: 'GET',
    path: '/',
    query: '',
    headers: { host: '127.0.0.1:4599', 'user-agent': 'test', authorization: 'AWS4-HMAC-SHA256 Credential=…' },
    body: Buffer.alloc(0),
    sourceIp: '127.0.0.1',
    region: 'us-east-1',
    caller: childAdmin,
    signal: new AbortController().signal,
    decisions: [],
    ...overrides,
  };
}

/** Says yes and remembers what it was asked. */
export function anAuthorizer(refusal?: string) {
  const questions: AccessQuestion[] = [];
  const authorize = (question: AccessQuestion) => {
    questions.push(question);
    return refusal === undefined
      ? ({ allowed: true } as const)
      : ({ allowed: false, explicit: false, message: refusal } as const);
  };
  return { authorize, questions };
}

export async function textOf({ body }: ServiceResponse): Promise<string> {
  if (typeof body === 'string') return body;
  if (Buffer.isBuffer(body)) return body.toString();
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}
