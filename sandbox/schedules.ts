import { randomUUID } from 'node:crypto';
import type { SandboxClock } from './clock.ts';
import { ControlError } from './control-error.ts';
import type { Lambda } from './lambda/lambda.ts';
import type { Stack, StackFunction, StackSchedule } from './stack/stack.ts';
import type { ControlRoutes } from './types.ts';

/** The schedules of all stacks (EventBridge rules with a rate), named by the operation they run. */
export interface Schedules {
  readonly names: readonly string[];
  add(stack: Stack): void;
  /** Runs one now, whether schedules are stopped or not, and answers what the function answered. */
  run(name: string): Promise<unknown>;
  start(): void;
  stop(): void;
  readonly controlRoutes: ControlRoutes;
}

interface Entry {
  readonly stack: Stack;
  readonly function: StackFunction;
  readonly schedule: StackSchedule;
  /** By the sandbox's clock. */
  dueAt: number;
  timer?: NodeJS.Timeout;
}

/**
 * A schedule keeps its rate by the sandbox's clock: when the clock is advanced past a due time it runs at once, and
 * once, however many due times were passed.
 */
export function createSchedules(options: {
  readonly clock: SandboxClock;
  readonly invoke: Lambda['invoke'];
}): Schedules {
  const { clock, invoke } = options;
  const entries = new Map<string, Entry>();
  let isRunning = false;

  function wait(entry: Entry): void {
    clearTimeout(entry.timer);
    if (!isRunning) return;
    entry.timer = setTimeout(
      () => {
        entry.dueAt = clock.now() + entry.schedule.everyMs;
        wait(entry);
        // What the function made of it is in its log; a rule does not care.
        void send(entry).catch(() => undefined);
      },
      Math.max(0, entry.dueAt - clock.now()),
    ).unref();
  }

  function send({ stack, function: { name }, schedule }: Entry) {
    return invoke(stack.accountId, name, schedule.input ?? scheduledEvent(stack, schedule, clock.now()));
  }

  function start(): void {
    isRunning = true;
    for (const entry of entries.values()) {
      entry.dueAt = clock.now() + entry.schedule.everyMs;
      wait(entry);
    }
  }

  function stop(): void {
    isRunning = false;
    for (const entry of entries.values()) clearTimeout(entry.timer);
  }

  async function run(name: string): Promise<unknown> {
    const entry = entries.get(name);
    if (!entry)
      throw new ControlError(
        `There is no schedule "${name}"; there are ${[...entries.keys()].join(', ')}.`,
        404,
      );
    const outcome = await send(entry);
    if (outcome.type === 'result') return JSON.parse(outcome.payload);
    const reason = outcome.type === 'failure' ? outcome.failure.errorType : 'it streamed';
    throw new ControlError(`${name} failed: ${reason}`, 502);
  }

  clock.onAdvance(() => {
    for (const entry of entries.values()) wait(entry);
  });

  return {
    get names() {
      return [...entries.keys()];
    },
    add(stack) {
      for (const entry of stack.functions) {
        for (const schedule of entry.schedules) {
          const added: Entry = { stack, function: entry, schedule, dueAt: clock.now() + schedule.everyMs };
          entries.set(entry.key, added);
          wait(added);
        }
      }
    },
    run,
    start,
    stop,
    controlRoutes: {
      'POST /schedules/{name}/run': async ({ params }) => ({ result: await run(params['name'] ?? '') }),
      'POST /schedules/stop': () => {
        stop();
        return { running: isRunning };
      },
      'POST /schedules/start': () => {
        start();
        return { running: isRunning };
      },
    },
  };
}

/** What EventBridge sends when a rule has no input of its own ("Events from AWS services": Scheduled Event). */
function scheduledEvent(stack: Stack, schedule: StackSchedule, now: number) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: stack.accountId,
    time: `${new Date(now).toISOString().slice(0, 19)}Z`,
    region: stack.region,
    resources: [`arn:aws:events:${stack.region}:${stack.accountId}:rule/${schedule.name}`],
    detail: {},
  };
}
