/**
 * One line per invocation in CloudWatch's embedded metric format ("Specification: Embedded metric format"), also for
 * streams that broke and callers that left. CloudTrail does not record synchronous invocations, so this is the record.
 */

import type { Passage } from './passage.ts';

const metrics = Object.entries({
  Invocations: 'Count',
  Failures: 'Count',
  Attempts: 'Count',
  RelayMs: 'Milliseconds',
  ModelMs: 'Milliseconds',
  BytesIn: 'Bytes',
  BytesOut: 'Bytes',
}).map(([Name, Unit]) => ({ Name, Unit }));

/** The same in every line, so written once. Made-up aliases must not become metrics. */
const [ofNone, ofAlias] = [[], ['alias', 'mode']].map((dimensions) =>
  JSON.stringify([{ Namespace: 'Sharemaker', Dimensions: [dimensions], Metrics: metrics }]),
);

/** @param endedAt by the passage's own timer; @param now epoch milliseconds */
export function usageLine(passage: Passage, endedAt: number, now: number): string {
  const { request, subscription, attempts, relayMs, outcome } = passage;
  const members = JSON.stringify({
    alias: subscription?.alias,
    grantId: subscription?.grantId,
    mode: request?.route ?? 'unknown',
    caller: request?.caller,
    outcome,
    status: passage.status,
    Invocations: 1,
    Failures: outcome === 'ok' ? 0 : 1,
    Attempts: attempts.sent,
    RelayMs: rounded(relayMs),
    // A stream's time is the model's until its last byte.
    ModelMs: rounded(attempts.sent > 0 ? endedAt - passage.startedAt - relayMs : 0),
    BytesIn: request?.body.length ?? 0,
    BytesOut: passage.bytesOut,
  });
  return `{"_aws":{"Timestamp":${now},"CloudWatchMetrics":${subscription ? ofAlias : ofNone}},${members.slice(1)}`;
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
