/** Alerts over EventBridge and SNS: an event for each finding, a message for all that one step tells. */

import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Alerts, News } from './alerts.ts';
import type { AuditRecord } from './audit-record.ts';

/** EventBridge takes 10 entries at a time. */
const entriesMax = 10;
const linesOfEvidence = 10;

interface Entry {
  readonly DetailType: string;
  readonly Resources: string[];
  readonly Detail: string;
}

export function connectAlerts(options: {
  readonly events: EventBridgeClient;
  readonly busName: string;
  readonly sns: SNSClient;
  readonly topicArn: string;
}): Alerts {
  const { events, busName, sns, topicArn } = options;

  const put = async (entries: readonly Entry[]) => {
    for (let at = 0; at < entries.length; at += entriesMax) {
      const Entries = entries
        .slice(at, at + entriesMax)
        .map((entry) => ({ EventBusName: busName, Source: 'sharemaker', ...entry }));
      const { FailedEntryCount } = await events.send(new PutEventsCommand({ Entries }));
      if (FailedEntryCount) throw new Error(`EventBridge did not take ${FailedEntryCount} events.`);
    }
  };

  /** Whoever listens to the one is told although the other takes nothing. */
  const tellBoth = async (entries: readonly Entry[], Subject: string, Message: string) => {
    const told = await Promise.allSettled([
      put(entries),
      sns.send(new PublishCommand({ TopicArn: topicArn, Subject, Message })),
    ]);
    for (const one of told) if (one.status === 'rejected') throw one.reason;
  };

  return {
    tell: (audit, news) =>
      tellBoth(
        news.map((one) => entryOf(audit, one)),
        `Sharemaker: ${news.length === 1 ? '1 finding' : `${news.length} findings`} of high severity`,
        messageOf(audit, news),
      ),

    async tellFailed(audit) {
      const { id, phase, mode, startedAt } = audit;
      const Detail = JSON.stringify({ id, auditId: id, phase, mode, startedAt });
      await tellBoth(
        [{ DetailType: 'audit.failed', Resources: [], Detail }],
        'Sharemaker: an audit has failed',
        `${headOf(audit)} It was taken up again and again in phase ${phase} without getting any further, and was given up. The next audit begins anew; the log of audit-grants says what went wrong.`,
      );
    },
  };
}

function entryOf(audit: AuditRecord, { number, finding, isReminder }: News): Entry {
  return {
    DetailType: `finding.${finding.code}`,
    Resources: finding.subject.startsWith('arn:') ? [finding.subject] : [],
    Detail: JSON.stringify({
      id: `${audit.id}#${number}`,
      auditId: audit.id,
      isReminder,
      ...finding,
      evidence: finding.evidence.slice(0, linesOfEvidence),
    }),
  };
}

function messageOf(audit: AuditRecord, news: readonly News[]): string {
  const paragraphs = news.map(({ finding, isReminder }) => {
    const { code, subject, evidence, remedy, repair, repairDetail } = finding;
    return [
      `${code}: ${subject}${isReminder ? ' (still there)' : ''}`,
      ...evidence.slice(0, linesOfEvidence).map((line) => `  ${line}`),
      repair ? `Repair: ${repair}. ${repairDetail ?? ''}` : `What to do: ${remedy}`,
    ].join('\n');
  });
  const mode =
    audit.mode === 'repair' ? ' It repairs what it can; what became of it stands in the audit.' : '';
  return [`${headOf(audit)}${mode}`, ...paragraphs].join('\n\n');
}

function headOf({ id, startedAt }: AuditRecord): string {
  return `Audit ${id}, started at ${startedAt}.`;
}
