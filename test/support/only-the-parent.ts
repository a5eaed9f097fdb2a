/** Who may: IAM itself refuses everybody but the parent, before any code of ours runs. */

import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OperationName, operations } from '../../lib/contract/operations.ts';
import { expectUntouched, send } from './refusal.ts';
import { type Person, startSandbox, type TestSandbox } from './sandbox.ts';
import type { Keys } from './signed-fetch.ts';

const exampleGrantId = 'grt_01kba3t5z0c8m4n6p8q0r2s4t6';

/** The tests of an operation that is the parent's alone. */
export function onlyTheParentMay(name: OperationName, body?: unknown): void {
  const { method, path: template } = operations[name];
  const path = template.replace('{grantId}', exampleGrantId);
  let sandbox: TestSandbox;
  let unprivileged: Keys;
  beforeAll(async () => {
    sandbox = await startSandbox();
    unprivileged = await aUser(sandbox, 'unprivileged');
  });
  afterAll(() => sandbox?.close());

  it.each<[string, (sandbox: TestSandbox) => Person]>([
    ['a child', ({ asChild, describe }) => at(describe.parent.apiUrl, asChild)],
    ['an outsider', ({ asOutsider }) => asOutsider],
    [
      'a user of the parent whom no policy allows to call the API',
      ({ asParent }) => signedBy(unprivileged, asParent),
    ],
  ])('refuses %s by IAM, before any function runs', async (_, personOf) => {
    const callsBefore = sandbox.calls.length;
    const answer = await expectUntouched(sandbox, () =>
      send(sandbox, { method, path, body, by: personOf(sandbox) }),
    );
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([403, 'AccessDeniedException']);
    expect(answer.json['Message']).toMatch(/is not authorized to perform: execute-api:Invoke/);
    const denied = sandbox.calls.slice(callsBefore).filter(({ decision }) => decision === 'denied');
    expect(denied).toMatchObject([{ service: 'execute-api', operation: name }]);
  });

  it('refuses a request that nobody signed', async () => {
    const answer = await fetch(sandbox.describe.parent.apiUrl + path, { method });
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([
      403,
      'MissingAuthenticationTokenException',
    ]);
  });
}

/** A user of the parent with this policy and no other, or with none. */
export async function aUser(
  sandbox: TestSandbox,
  name: string,
  policy?: object,
): Promise<Required<Omit<Keys, 'sessionToken'>>> {
  const iam = new IAMClient(sandbox.asParent.sdk);
  await iam.send(new CreateUserCommand({ UserName: name }));
  if (policy) {
    const PolicyDocument = JSON.stringify(policy);
    await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'all', PolicyDocument }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}

/** The same calls, signed with other keys. */
export function signedBy(credentials: Keys, person: Person): Person {
  const send: Person['send'] = (method, path, call) => person.send(method, path, { ...call, credentials });
  return { ...person, send };
}

/** The same person at another API. */
function at(apiUrl: string, person: Person): Person {
  const send: Person['send'] = (method, path, call) => person.send(method, apiUrl + path, call);
  return { ...person, send };
}
