import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { advanceDue } from '../../lib/grant/advance-due.ts';
import { connectBroker } from '../../lib/grant/connect-broker.ts';
import { progressMetrics } from '../../lib/grant/progress.ts';

const broker = connectBroker(process.env);
const log = new Logger({ serviceName: 'sharemaker.advance-grants' });

/** The target of the minute schedule: finishes what requests could not, ends what has expired, publishes what was not. */
export const handler = async (_event: unknown, context: Context) => {
  const result = await advanceDue(broker, Date.now() + context.getRemainingTimeInMillis() - 5_000);
  log.info('advanced', { ...result, ...progressMetrics(result, context.functionName, Date.now()) });
  return result;
};
