/** The breaker alone: what it knows of each grant, and what of very many. */

import { expect, it } from 'vitest';
import { createBreaker, failuresUntilOpen } from '../../../lib/relay/breaker.ts';

let at = 0;
const breaker = () => createBreaker({ now: () => at });
const fail = (of: ReturnType<typeof breaker>, name: string, times = failuresUntilOpen) => {
  for (let time = 0; time < times; time++) of.record(name, 'failed');
};

it('opens for the grant that failed, for ten seconds from its last failure', () => {
  const one = breaker();
  fail(one, 'a', failuresUntilOpen - 1);
  expect(one.blockedForMs('a')).toBeUndefined();
  at += 5_000;
  one.record('a', 'failed');
  expect(one.blockedForMs('a')).toBe(10_000);
  at += 9_999;
  expect(one.blockedForMs('a')).toBe(1);
  expect(one.blockedForMs('b')).toBeUndefined();
});

it('forgets all failures at the first answer', () => {
  const one = breaker();
  fail(one, 'a', failuresUntilOpen - 1);
  one.record('a', 'answered');
  fail(one, 'a', failuresUntilOpen - 1);
  expect(one.blockedForMs('a')).toBeUndefined();
});

it('lets another try when the one that tried left without an answer, and stays as suspicious as it was', () => {
  const one = breaker();
  fail(one, 'a');
  at += 10_000;
  expect(one.blockedForMs('a')).toBeUndefined();
  expect(one.blockedForMs('a')).toBe(1_000);
  one.record('a', 'unknown');
  expect(one.blockedForMs('a')).toBeUndefined();
  one.record('a', 'failed');
  expect(one.blockedForMs('a')).toBe(10_000);
});

it('learns nothing of a grant from callers that left', () => {
  const one = breaker();
  fail(one, 'a', failuresUntilOpen - 1);
  one.record('a', 'unknown');
  expect(one.blockedForMs('a')).toBeUndefined();
  one.record('a', 'failed');
  expect(one.blockedForMs('a')).toBe(10_000);
});

it('remembers 500 grants, and forgets the oldest only for one that it does not know yet', () => {
  const one = breaker();
  const names = Array.from({ length: 500 }, (_, index) => `grant-${index}`);
  for (const name of names) fail(one, name);
  at += 1_000;
  one.record('grant-499', 'failed');
  for (const name of names) expect(one.blockedForMs(name)).toBe(name === 'grant-499' ? 10_000 : 9_000);
  fail(one, 'another');
  expect(one.blockedForMs('another')).toBe(10_000);
  expect(one.blockedForMs('grant-0')).toBeUndefined();
  expect(one.blockedForMs('grant-1')).toBe(9_000);
});
