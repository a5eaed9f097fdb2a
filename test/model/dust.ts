/** When nothing is broken any more and the schedule has run for a while. */

import { isDeepStrictEqual } from 'node:util';
import { hasEnded, isSettled } from '../../lib/grant/grant.ts';
import { denyDocument, permissionDocument, trustDocument } from '../../lib/grant/policies.ts';
import { statusOfGoal } from '../../lib/grant/transitions.ts';
import type { Scene } from './grant-model.ts';
import { testPromises } from './promises.ts';
import { repair } from './repair.ts';

export async function testDust(scene: Scene): Promise<void> {
  const { world, grants } = scene;
  // A repair that crashed before it was stored was never asked for; the next audit finds the damage again.
  for (const known of grants.values())
    if (known.isDamaged) await repair(world.start({ as: 'audit-grants' }), known.id);
  await world.runSchedule(90);
  const settings = { proberRoleArn: world.environment['PROBER_ROLE_ARN'] ?? '' };
  const roles = new Map(await world.shareRoles());
  for (const known of grants.values()) {
    const record = world.read(known.id);
    const name = `Grant ${known.id.slice(-1)}`;
    if (!isSettled(record) || record.status !== statusOfGoal[record.goal])
      throw new Error(
        `${name} is ${record.status} and wants to be ${record.goal}: ${record.pending?.lastError}`,
      );
    if (record.announced !== record.events) throw new Error(`${name} has news that nobody was told.`);
    const role = roles.get(record.role.name);
    roles.delete(record.role.name);
    if (hasEnded(record)) {
      if (role) throw new Error(`${name} has ended and its role has not.`);
    } else {
      const wanted = {
        ...(record.isDenied && { deny: denyDocument }),
        [record.proven?.slot ?? '']: permissionDocument(record),
      };
      if (!isDeepStrictEqual(role?.inline, wanted)) throw new Error(`${name}: its policies are not its own.`);
      if (!isDeepStrictEqual(role?.trust, trustDocument(record, settings)))
        throw new Error(`${name}: its trust is not its own.`);
      if (role?.boundaryArn !== world.environment['BOUNDARY_ARN'])
        throw new Error(`${name} has no boundary.`);
    }
    known.isDamaged = false;
    await testPromises(scene, known);
  }
  if (roles.size > 0) throw new Error(`Roles that no grant calls for: ${[...roles.keys()].join(', ')}`);
}
