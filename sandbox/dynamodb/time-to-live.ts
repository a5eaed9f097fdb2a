/** Time to live as a setting. DynamoDB deletes expired items days late if it likes; the sandbox never does, so nothing can rely on it. */

import { AwsFault } from '../aws-fault.ts';

type Input = Readonly<Record<string, unknown>>;

export interface TimeToLive {
  update(tableName: string, specification: unknown): object;
  describe(tableName: string): object;
  forget(tableName: string): void;
}

export function createTimeToLive(): TimeToLive {
  const attributes = new Map<string, string>();
  return {
    update(tableName, specification) {
      const { Enabled, AttributeName } = (specification ?? {}) as Input;
      if (
        typeof Enabled !== 'boolean' ||
        typeof AttributeName !== 'string' ||
        !/^.{1,255}$/s.test(AttributeName)
      )
        throw invalid('TimeToLiveSpecification needs Enabled and an AttributeName of 1 to 255 characters');
      const current = attributes.get(tableName);
      if (Enabled && current !== undefined) throw invalid('TimeToLive is already enabled');
      if (!Enabled && current === undefined) throw invalid('TimeToLive is already disabled');
      if (!Enabled && current !== AttributeName)
        throw invalid(
          `TimeToLive is active on a different AttributeName: current AttributeName is ${current}`,
        );
      if (Enabled) attributes.set(tableName, AttributeName);
      else attributes.delete(tableName);
      return { TimeToLiveSpecification: { Enabled, AttributeName } };
    },
    describe(tableName) {
      const AttributeName = attributes.get(tableName);
      return {
        TimeToLiveDescription: AttributeName
          ? { TimeToLiveStatus: 'ENABLED', AttributeName }
          : { TimeToLiveStatus: 'DISABLED' },
      };
    },
    forget: (tableName) => void attributes.delete(tableName),
  };
}

function invalid(message: string): AwsFault {
  return new AwsFault('ValidationException', 400, message);
}
