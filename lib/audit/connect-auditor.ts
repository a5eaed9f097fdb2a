/** The auditor over real AWS clients, from a Lambda's environment. */

import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { SNSClient } from '@aws-sdk/client-sns';
import { awsCallLimits, connectBroker, connectDynamo, required } from '../grant/connect-broker.ts';
import { type AuditStore, connectAuditStore } from './audit-store.ts';
import type { Auditor } from './auditor.ts';
import { connectAlerts } from './connect-alerts.ts';
import { connectInventory } from './inventory.ts';
import type { UnusedRules } from './use.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export function connectAuditor(environment: Environment): Auditor {
  const read = required(environment);
  const region = read('AWS_REGION');
  const broker = connectBroker(environment);
  return {
    broker,
    boundaryArn: read('BOUNDARY_ARN'),
    unused: unusedRules(environment),
    inventory: connectInventory(new IAMClient({ region, ...pageLimits }), broker.clock.now),
    audits: connectAudits(environment),
    alerts: connectAlerts({
      events: new EventBridgeClient({ region, ...awsCallLimits }),
      busName: read('EVENT_BUS_NAME'),
      sns: new SNSClient({ region, ...awsCallLimits }),
      topicArn: read('ALERTS_TOPIC_ARN'),
    }),
  };
}

/** For the functions that only read. */
export function connectAudits(environment: Environment): AuditStore {
  const read = required(environment);
  return connectAuditStore(connectDynamo(read('AWS_REGION')), read('AUDITS_TABLE'));
}

/** A page of a thousand roles is slow to come, and IAM throttles whoever reads fast. */
const pageLimits = {
  maxAttempts: 6,
  requestHandler: { ...awsCallLimits.requestHandler, requestTimeout: 20_000 },
};

/** Empty means never. Throws on anything but whole days, when the function starts. */
function unusedRules(environment: Environment): UnusedRules {
  const warnDays = days('UNUSED_WARN_DAYS', environment);
  const suspendDays = days('UNUSED_SUSPEND_DAYS', environment);
  return { ...(warnDays && { warnDays }), ...(suspendDays && { suspendDays }) };
}

function days(name: string, environment: Environment): number | undefined {
  const text = environment[name] ?? '';
  if (text === '') return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`${name} must be a number of days, or empty.`);
  return Number(text);
}
