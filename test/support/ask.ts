/** What may be asked of one grant, as the parent asks it. */

import type { Grant } from '../../lib/contract/grant.ts';
import type { Body } from '../../lib/contract/operations.ts';
import type { TestSandbox } from './sandbox.ts';
import type { Answer } from './signed-fetch.ts';

export type Verb = 'suspend' | 'resume' | 'rotate' | 'revoke';

export function ask(
  sandbox: TestSandbox,
  { id }: Pick<Grant, 'id'>,
  verb: Verb,
  body?: object,
): Promise<Answer<Grant>> {
  return sandbox.asParent.post<Grant>(`/grants/${id}/${verb}`, body);
}

/** With the ETag as it is now, unless another is given. */
export async function patch(
  sandbox: TestSandbox,
  { id }: Pick<Grant, 'id'>,
  body: Body<'update-grant'>,
  ifMatch = '*',
): Promise<Answer<Grant>> {
  return sandbox.asParent.patch<Grant>(`/grants/${id}`, body, { headers: { 'if-match': ifMatch } });
}

export async function read(sandbox: TestSandbox, { id }: Pick<Grant, 'id'>): Promise<Grant> {
  const { status, json, text } = await sandbox.asParent.get<Grant>(`/grants/${id}`);
  if (status !== 200) throw new Error(`get-grant: ${text}`);
  return json;
}

/** A new grant that has not been proven yet: its function was killed after it was stored. */
export async function aProvisioningGrant(sandbox: TestSandbox): Promise<Grant> {
  sandbox.addFault({ service: 'iam', operation: 'CreateRole', nth: 1, fault: 'crash' });
  const { status } = await sandbox.asParent.post('/grants', {
    endpoint: { name: 'puppet' },
    child: { accountId: sandbox.describe.child.accountId },
  });
  if (status !== 502) throw new Error(`create-grant should have been killed, not answered ${status}`);
  const { json } = await sandbox.asParent.get<{ items: Grant[] }>('/grants?status=provisioning&limit=1');
  const [grant] = json.items;
  if (!grant) throw new Error('no grant is provisioning');
  return grant;
}
