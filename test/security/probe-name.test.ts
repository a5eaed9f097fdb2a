/** The name under which the parent probes lifts the limits on addresses: nobody else may ever hold a session of that name. */

import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { invokeWith } from '../support/child-call.ts';
import { create, update } from '../support/grant-requests.ts';
import { childId, createGrantWorld, type GrantWorld } from '../support/grant-world.ts';

let world: GrantWorld;
beforeEach(async () => {
  world = await createGrantWorld();
});
afterEach(() => world?.close());

const takeAs = (RoleSessionName: string, { role, externalIds }: Awaited<ReturnType<typeof create>>) =>
  new STSClient(world.admin(childId)).send(
    new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName, ExternalId: externalIds.current }),
  );

it('cannot be taken by a child before its grant is limited to addresses', async () => {
  const open = await create(world.start({ as: 'create-grant' }));
  await expect(takeAs('sharemaker-probe', open)).rejects.toMatchObject({ name: 'AccessDenied' });

  const { Credentials } = await takeAs('sharemaker-probe-x', open);
  const session = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
  expect(await invokeWith(world, open, session)).toBe('allowed');
  await update({ conditions: { sourceIps: ['192.0.2.0/24'] } })(world.start({ as: 'update-grant' }), open.id);
  expect(await invokeWith(world, open, session)).toBe('denied');
});
