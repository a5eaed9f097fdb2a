import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createClock } from '../../../sandbox/clock.ts';
import { createSchedules } from '../../../sandbox/schedules.ts';
import { aFunction, aStack } from './a-lambda.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function someSchedules() {
  const clock = createClock();
  const sent: { name: string; event: unknown }[] = [];
  const schedules = createSchedules({
    clock,
    invoke: async (_accountId, name, event) => {
      sent.push({ name, event });
      return name === 'f-broken'
        ? { type: 'failure', failure: { errorType: 'TypeError', errorMessage: 'secret' } }
        : { type: 'result', payload: '{"moved":1}' };
    },
  });
  const entry = (key: string, everyMs: number, input?: unknown) =>
    aFunction({
      key,
      name: `f-${key}`,
      handler: 'a.b',
      schedules: [{ name: `rule-${key}`, everyMs, ...(input !== undefined && { input }) }],
    });
  schedules.add(
    aStack([
      entry('minutely', 60_000),
      entry('hourly', 3_600_000, { mode: 'report' }),
      entry('broken', 3_600_000),
    ]),
  );
  return { clock, sent, schedules };
}

/** Lets this much real time pass, for timers and Date alike. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

it('runs one on demand, also when stopped, and answers what it answered', async () => {
  const { schedules, sent } = someSchedules();
  expect(await schedules.run('minutely')).toEqual({ moved: 1 });
  expect(await schedules.run('hourly')).toEqual({ moved: 1 });
  expect(sent).toEqual([
    {
      name: 'f-minutely',
      event: expect.objectContaining({
        'detail-type': 'Scheduled Event',
        account: '111111111111',
        resources: ['arn:aws:events:us-east-1:111111111111:rule/rule-minutely'],
      }),
    },
    { name: 'f-hourly', event: { mode: 'report' } },
  ]);
});

it('says which there are, and that one failed, but not what it said', async () => {
  const { schedules } = someSchedules();
  await expect(schedules.run('daily')).rejects.toThrow(
    'no schedule "daily"; there are minutely, hourly, broken',
  );
  await expect(schedules.run('broken')).rejects.toThrow(/^broken failed: TypeError$/);
});

it('keeps its rate by itself', async () => {
  const { schedules, sent } = someSchedules();
  schedules.start();
  await pass(59_990);
  expect(sent).toEqual([]);
  await pass(2 * 60_000);
  expect(sent.map(({ name }) => name)).toEqual(['f-minutely', 'f-minutely']);
});

it('runs what the clock was advanced past, each once, and keeps the rate from there', async () => {
  const { clock, schedules, sent } = someSchedules();
  schedules.start();
  clock.advance(59_000);
  await pass(10);
  expect(sent).toEqual([]);
  clock.advance(10 * 60_000);
  await pass(10);
  expect(sent.map(({ name }) => name)).toEqual(['f-minutely']);
  await pass(59_000);
  expect(sent).toHaveLength(1);
  await pass(1_000);
  expect(sent).toHaveLength(2);
  clock.advance(3_600_000);
  await pass(10);
  expect(sent.map(({ name }) => name).sort()).toEqual([
    'f-broken',
    'f-hourly',
    'f-minutely',
    'f-minutely',
    'f-minutely',
  ]);
});

it('runs nothing before it is started and nothing after it is stopped', async () => {
  const { clock, schedules, sent } = someSchedules();
  clock.advance(86_400_000);
  await pass(10);
  schedules.start();
  schedules.stop();
  clock.advance(86_400_000);
  await pass(10);
  expect(sent).toEqual([]);
});

it('is controlled over HTTP', async () => {
  const { schedules } = someSchedules();
  const call = { query: new URLSearchParams(), body: {} };
  const { controlRoutes } = schedules;
  expect(await controlRoutes['POST /schedules/{name}/run']!({ ...call, params: { name: 'hourly' } })).toEqual(
    {
      result: { moved: 1 },
    },
  );
  expect(controlRoutes['POST /schedules/start']!({ ...call, params: {} })).toEqual({ running: true });
  expect(controlRoutes['POST /schedules/stop']!({ ...call, params: {} })).toEqual({ running: false });
});
