/**
 * One line per invocation in CloudWatch's embedded metric format ("Specification: Embedded metric format"), also for
 * streams that broke and callers that left. CloudTrail does not record synchronous invocations, so this is the record.
 */

export interface Usage {
  /** Undefined where there is no such subscription: made-up names must not become metrics. */
  alias?: string;
  grantId?: string;
  mode: string;
  /** The ARN that signed the request. */
  caller: string;
  bytesIn: number;
  bytesOut: number;
  relayMs: number;
  modelMs: number;
  attempts: number;
  /** `ok`, `refused`, `denied`, `throttled`, `model-error`, `failed`, `timeout`, `stream-broken`, `client-left`, `circuit-open`, … */
  outcome: string;
  status: number;
}

const namespace = 'Sharemaker';

const metrics = [
  { Name: 'Invocations', Unit: 'Count' },
  { Name: 'Failures', Unit: 'Count' },
  { Name: 'Attempts', Unit: 'Count' },
  { Name: 'RelayMs', Unit: 'Milliseconds' },
  { Name: 'ModelMs', Unit: 'Milliseconds' },
  { Name: 'BytesIn', Unit: 'Bytes' },
  { Name: 'BytesOut', Unit: 'Bytes' },
] as const;

export function usageLine(usage: Usage, now: number): string {
  return JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: usage.alias === undefined ? [[]] : [['alias', 'mode']],
          Metrics: metrics,
        },
      ],
    },
    ...(usage.alias !== undefined && { alias: usage.alias, grantId: usage.grantId }),
    mode: usage.mode,
    caller: usage.caller,
    outcome: usage.outcome,
    status: usage.status,
    Invocations: 1,
    Failures: usage.outcome === 'ok' ? 0 : 1,
    Attempts: usage.attempts,
    RelayMs: rounded(usage.relayMs),
    ModelMs: rounded(usage.modelMs),
    BytesIn: usage.bytesIn,
    BytesOut: usage.bytesOut,
  });
}

function rounded(ms: number): number {
  return Math.max(0, Math.round(ms * 100) / 100);
}
