/** All that the child's functions ever have to do. */

import { expect } from 'vitest';
import { ask } from '../../support/ask.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { anActiveGrant, aShare, offerUrlOf } from '../../support/share.ts';

export async function runChildFlows(sandbox: TestSandbox): Promise<void> {
  await Promise.all([aNamedCaller(sandbox), aRotation(sandbox), results(sandbox)]);
}

/** A grant that wants to know who calls: each session then carries a source identity. */
async function aNamedCaller(sandbox: TestSandbox): Promise<void> {
  const { alias } = await aShare(sandbox, 'named', 'puppet', {
    recordCaller: true,
    limits: { concurrency: 2 },
  });
  await get(sandbox, '/subscriptions');
  await get(sandbox, `/subscriptions/${alias}`);
  expect((await sandbox.asChild.post(`/subscriptions/${alias}/check`)).status).toBe(200);
  expect(await predict(sandbox, alias)).toBe(200);
  expect((await sandbox.asChild.delete(`/subscriptions/${alias}`)).status).toBe(204);
}

/** The external id changes: the relay, and a check, fetch the offer again. */
async function aRotation(sandbox: TestSandbox): Promise<void> {
  const { alias, grant } = await aShare(sandbox, 'rotated', 'puppet');
  expect(await predict(sandbox, alias)).toBe(200);
  for (const useIt of [
    () => predict(sandbox, alias),
    async () => (await sandbox.asChild.post(`/subscriptions/${alias}/check`)).status,
  ]) {
    expect((await ask(sandbox, grant, 'rotate', { graceSeconds: 0 })).status).toBe(200);
    // Sessions last an hour; the next one needs the new id.
    sandbox.advanceClock(3_700);
    expect(await useIt()).toBe(200);
  }
}

/** Asynchronous inference: where the result will be is kept, and read again. */
async function results(sandbox: TestSandbox): Promise<void> {
  const grant = await anActiveGrant(sandbox, 'puppet-async', { modes: ['async'] });
  const offerUrl = offerUrlOf(sandbox, grant);
  expect((await sandbox.asChild.post('/subscriptions', { alias: 'later', offerUrl })).status).toBe(201);
  const { status } = await sandbox.asChild.send('POST', '/endpoints/later/async-invocations', { body: 'x' });
  expect(status).toBe(202);
}

async function predict(sandbox: TestSandbox, alias: string): Promise<number> {
  const answer = await sandbox.asChild.send('POST', `/endpoints/${alias}/invocations`, { body: 'x' });
  return answer.status;
}

async function get(sandbox: TestSandbox, path: string): Promise<void> {
  expect((await sandbox.asChild.get(path)).status).toBe(200);
}
