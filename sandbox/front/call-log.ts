import type { CallRecord } from '../types.ts';

/** The newest calls, in the order in which they were answered. */
export interface CallLog {
  /** Oldest first; never more than `recordsMax` plus a tenth. */
  readonly records: readonly CallRecord[];
  push(record: CallRecord): void;
  clear(): void;
  find(filter: CallFilter): readonly CallRecord[];
}

export interface CallFilter {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  /** Milliseconds since the epoch: calls that arrived then or later. */
  readonly since?: number | undefined;
}

export function createCallLog(recordsMax = 20_000): CallLog {
  const records: CallRecord[] = [];
  return {
    records,
    push(record) {
      records.push(record);
      // In slices, so that not every call moves the whole array.
      if (records.length > recordsMax * 1.1) records.splice(0, records.length - recordsMax);
    },
    clear: () => {
      records.length = 0;
    },
    find: ({ service, operation, since }) =>
      records.filter(
        (record) =>
          (service === undefined || record.service === service) &&
          (operation === undefined || record.operation === operation) &&
          (since === undefined || Date.parse(record.at) >= since),
      ),
  };
}
