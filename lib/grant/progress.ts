/** What the minute schedule tells CloudWatch, in its embedded metric format ("Specification: Embedded metric format"). Pure. */

import type { AdvanceResult } from './advance-due.ts';

/** Fields of a log line, from which CloudWatch makes metrics that the stack's alarms watch. @param now epoch milliseconds */
export function progressMetrics(result: AdvanceResult, functionName: string, now: number) {
  return {
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: 'Sharemaker',
          // Stages may share an account.
          Dimensions: [['functionName']],
          Metrics: [
            { Name: 'OldestUnfinishedSeconds', Unit: 'Seconds' },
            { Name: 'UnmovableGrants', Unit: 'Count' },
          ],
        },
      ],
    },
    functionName,
    OldestUnfinishedSeconds: result.oldestSeconds,
    UnmovableGrants: result.failed,
  };
}
