import { arnOf, resolveIntrinsics, type TemplateScope } from './intrinsics.ts';
import type { StackFunction, StackRoute, StackSchedule } from './stack.ts';

/** API Gateway ends a buffered integration after this long unless told otherwise ("Quotas … REST API"). */
const integrationTimeoutMs = 29_000;

/** The `functions:` of a stack, resolved. */
export function readFunctions(
  functions: Readonly<Record<string, unknown>>,
  context: {
    readonly names: ReadonlyMap<string, string>;
    readonly defaults: { readonly timeout?: number; readonly memorySize?: number };
    readonly template: TemplateScope;
  },
): StackFunction[] {
  const { names, defaults, template } = context;
  return Object.entries(functions as Record<string, FunctionEntry>).map(([key, entry]) => {
    const name = names.get(key)!;
    const environment = resolveIntrinsics(entry.environment ?? {}, template) as Record<string, unknown>;
    return {
      key,
      name,
      handler: entry.handler,
      roleArn: arnOf(entry.role, template),
      environment: Object.fromEntries(Object.entries(environment).map(([k, value]) => [k, String(value)])),
      // The framework's own defaults: 6 s, 1024 MB.
      timeoutMs: (entry.timeout ?? defaults.timeout ?? 6) * 1000,
      memoryMb: entry.memorySize ?? defaults.memorySize ?? 1024,
      routes: (entry.events ?? []).flatMap(({ http }) => (http ? [readRoute(http, key)] : [])),
      schedules: (entry.events ?? []).flatMap(({ schedule }) =>
        schedule ? readSchedules(schedule, name) : [],
      ),
    };
  });
}

interface FunctionEntry {
  readonly handler: string;
  readonly role: string;
  readonly timeout?: number;
  readonly memorySize?: number;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly events?: readonly { readonly http?: HttpEvent; readonly schedule?: ScheduleEvent }[];
}

interface HttpEvent {
  readonly method: string;
  readonly path: string;
  readonly authorizer?: string;
  readonly timeoutInMillis?: number;
  readonly response?: { readonly transferMode?: string };
}

interface ScheduleEvent {
  readonly name?: string;
  readonly rate: readonly string[];
  readonly input?: unknown;
}

function readRoute(http: HttpEvent, key: string): StackRoute {
  if (http.authorizer !== 'aws_iam')
    throw new Error(`${key}: the sandbox serves routes with authorizer aws_iam only.`);
  return {
    method: http.method.toUpperCase(),
    path: http.path,
    isStreamed: http.response?.transferMode === 'STREAM',
    timeoutMs: http.timeoutInMillis ?? integrationTimeoutMs,
  };
}

function readSchedules(schedule: ScheduleEvent, functionName: string): StackSchedule[] {
  return schedule.rate.map((expression, index) => ({
    name: schedule.name ?? `${functionName}-${index + 1}`,
    everyMs: rateMs(expression),
    ...(schedule.input !== undefined && { input: schedule.input }),
  }));
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function rateMs(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (!count || !unit || Number(count) < 1) {
    throw new Error(`The schedule "${expression}" is no rate(…), and the sandbox keeps no others.`);
  }
  return Number(count) * unitMs[unit]!;
}
