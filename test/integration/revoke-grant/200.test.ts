import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '../../../lib/contract/grant.ts';
import { access, invoke, sessionOf } from '../../support/access.ts';
import { aProvisioningGrant, ask, patch, read } from '../../support/ask.ts';
import { byHand } from '../../support/by-hand.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant } from '../../support/share.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());

/** Revoked, its role gone, nothing of it open. */
async function expectDead(answer: { status: number; json: Grant }): Promise<void> {
  const { status, json } = answer;
  expect([status, json.status, json.pending]).toEqual([200, 'revoked', undefined]);
  expect(await byHand(sandbox).roleOf(json)).toBeUndefined();
  expect(await access(sandbox, json)).toBe('denied');
}

it('ends a grant: a session taken before is refused, the role is gone, the receipt says when', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const session = await sessionOf(sandbox, grant);
  expect(await invoke(sandbox, grant, session!)).toBe('allowed');
  const answer = await ask(sandbox, grant, 'revoke');
  await expectDead(answer);
  expect(await invoke(sandbox, grant, session!)).toBe('denied');

  const receipt = answer.json.receipt!;
  const order = [
    receipt.askedAt,
    receipt.lastAllowedAt!,
    receipt.sessionDeniedAt!,
    receipt.provenAt,
    receipt.roleRemovedAt!,
  ];
  expect(order).toEqual([...order].sort());
  expect(Date.parse(receipt.freshDeniedAt!)).toBeLessThanOrEqual(Date.parse(receipt.provenAt));
  expect(receipt.seconds).toBe((Date.parse(receipt.provenAt) - Date.parse(receipt.askedAt)) / 1000);
  expect(answer.json.history.at(-1)).toMatchObject({ event: 'grant.revoked', by: 'sharemaker' });
});

it('asked again, answers the same receipt and does nothing', async () => {
  const grant = await anActiveGrant(sandbox, 'puppet');
  const first = await ask(sandbox, grant, 'revoke');
  const callsBefore = sandbox.calls.length;
  const second = await ask(sandbox, grant, 'revoke');
  expect([second.status, second.json]).toEqual([200, first.json]);
  expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
  const services = new Set(sandbox.calls.slice(callsBefore).map(({ service }) => service));
  expect(services).toEqual(new Set(['execute-api', 'dynamodb']));
});

it('leaves another grant of the same child to the same endpoint as it is', async () => {
  const [one, other] = await Promise.all([
    anActiveGrant(sandbox, 'puppet'),
    anActiveGrant(sandbox, 'puppet'),
  ]);
  const session = await sessionOf(sandbox, other);
  await ask(sandbox, one, 'revoke');
  expect(await invoke(sandbox, other, session!)).toBe('allowed');
  expect(await access(sandbox, other)).toBe('allowed');
  expect(await read(sandbox, other)).toEqual(other);
});

describe('ends a grant in whatever state it is', () => {
  it('suspended', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet');
    await ask(sandbox, grant, 'suspend');
    await expectDead(await ask(sandbox, grant, 'revoke'));
  });

  it('still provisioning', async () => {
    const grant = await aProvisioningGrant(sandbox);
    // Whoever was at work on it was killed and holds it for half a minute.
    sandbox.advanceClock(31);
    await expectDead(await ask(sandbox, grant, 'revoke'));
  });

  it('within the grace period of a rotation: neither external id opens it', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet');
    const { json: rotated } = await ask(sandbox, grant, 'rotate', { graceSeconds: 3_600 });
    await expectDead(await ask(sandbox, grant, 'revoke'));
    expect(await access(sandbox, grant)).toBe('denied');
    expect(await access(sandbox, rotated)).toBe('denied');
  });

  it('with a policy of the second name, after an update', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet');
    await patch(sandbox, grant, { modes: ['stream'] });
    await expectDead(await ask(sandbox, grant, 'revoke'));
  });
});

describe('ends a grant whatever was done to its role by hand', () => {
  it('the boundary was taken off', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet');
    await byHand(sandbox).takeBoundaryOff(grant);
    await expectDead(await ask(sandbox, grant, 'revoke'));
  });

  it('AdministratorAccess was attached, and the boundary taken off: the session that gained all loses all', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet');
    const hand = byHand(sandbox);
    await hand.attach(grant);
    await hand.takeBoundaryOff(grant);
    const session = await sessionOf(sandbox, grant);
    expect(await invoke(sandbox, grant, session!, 'stream')).toBe('allowed');
    await expectDead(await ask(sandbox, grant, 'revoke'));
    expect(await invoke(sandbox, grant, session!, 'stream')).toBe('denied');
  });

  it('it was deleted; the receipt says that there was none', async () => {
    const grant = await anActiveGrant(sandbox, 'puppet');
    await byHand(sandbox).deleteRole(grant);
    const answer = await ask(sandbox, grant, 'revoke');
    await expectDead(answer);
    expect(answer.json.receipt).toMatchObject({ note: expect.stringContaining('no role any more') });
    expect(answer.json.receipt?.sessionDeniedAt).toBeUndefined();
  });
});
