/**
 * Least privilege, shown by what is used. The flows make every function do all it ever has to, the rare as well. Then each
 * action that a role is granted on a resource must have been used by it, and the very calls that used it must be denied
 * without it. So no role has more than it needs, and with any one action less something breaks.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallRecord } from '../../../sandbox/types.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { runChildFlows } from './child-flows.ts';
import { allGranted, allowedTo, type Granted, isAllowed, isAllowedWithout } from './granted.ts';
import { runParentFlows } from './parent-flows.ts';

let sandbox: TestSandbox;
let calls: readonly CallRecord[];
beforeAll(async () => {
  sandbox = await startSandbox();
  await runChildFlows(sandbox);
  await runParentFlows(sandbox);
  calls = [...sandbox.calls];
}, 90_000);
afterAll(() => sandbox?.close());

/** Lambda itself writes a function's log with the function's role; the sandbox has no CloudWatch Logs. */
const ofLambdaItself = ({ action }: Granted) => action.startsWith('logs:');
const exercised = allGranted.filter((granted) => !ofLambdaItself(granted));

describe.each([...new Set(exercised.map(({ role }) => role))])('%s', (role) => {
  it.each(exercised.filter((granted) => granted.role === role))('needs $action on $resource', (granted) => {
    const asked = allowedTo(granted.roleArn, calls).filter(({ action }) => action === granted.action);
    const thanksToIt = asked.filter((each) => isAllowed(granted, each) && !isAllowedWithout(granted, each));
    expect(thanksToIt).not.toEqual([]);
  });
});

it('every function writes its own log and no other', () => {
  const logs = allGranted.filter(ofLambdaItself);
  for (const { role, action, resource } of logs) {
    expect(['logs:CreateLogStream', 'logs:PutLogEvents']).toContain(action);
    expect(resource).toMatch(new RegExp(`:log-group:/aws/lambda/sharemaker-dev-${role}:`));
  }
  expect(new Set(logs.map(({ role }) => role)).size).toBe(logs.length / 2);
});

it('no function was refused anything but a share role that had gone, or had lost its boundary', () => {
  const roleArns = new Set(allGranted.map(({ roleArn }) => roleArn));
  const refused = calls.filter(
    ({ principalArn, decision }) => roleArns.has(principalArn) && decision === 'denied',
  );
  const others = refused.filter(
    ({ service, resources }) => service !== 'iam' || !resources.every((arn) => /sharemaker-grt_/.test(arn)),
  );
  expect(others.filter(({ operation }) => operation !== 'AssumeRole')).toEqual([]);
});
