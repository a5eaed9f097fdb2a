/** Grants as the tour makes them, seen through to where they should be. */

import { control, type Grant, json, StoryBroken } from './answers.ts';
import type { Place, Player } from './cast.ts';

export const endpointName = 'Iris-Classifier';

export async function create(
  parent: Player,
  place: Place,
  more: Readonly<Record<string, unknown>>,
): Promise<Grant> {
  const body = {
    endpoint: { name: endpointName },
    child: { accountId: place.child.accountId },
    modes: ['sync'],
    ...more,
  };
  return settled(
    parent,
    place,
    await json(parent.call(`${place.parent.apiUrl}/grants`, post(body)), 201),
    'active',
  );
}

/** The request itself usually sees it through; what it could not, the next looks do. */
export async function settled(
  parent: Player,
  place: Place,
  first: Readonly<Record<string, unknown>>,
  status: string,
): Promise<Grant> {
  let grant = first as unknown as Grant;
  for (let look = 0; grant.status !== status && look < 20; look++) {
    await control(place, '/schedules/advance-grants/run');
    grant = (await json(parent.call(`${place.parent.apiUrl}/grants/${grant.id}`), 200)) as unknown as Grant;
  }
  if (grant.status !== status)
    throw new StoryBroken(`The grant ${grant.id} is ${grant.status}, not ${status}.`);
  return grant;
}

export function post(body: unknown) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
