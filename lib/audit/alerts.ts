/** The phase that tells the parent's people of findings of high severity: an event for each, a message for each chunk. */

import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Finding } from '../contract/audit.ts';
import { type AuditRecord, nextPhase } from './audit-record.ts';
import type { StartPhase } from './auditor.ts';

/** `from`: the number of the first finding in its audit, so that a repeated event has the same id. Throws when it was not taken. */
export type Alert = (audit: AuditRecord, findings: readonly Finding[], from: number) => Promise<void>;

export const sendAlerts: StartPhase = async (auditor) => async (audit) => {
  if (audit.chunk >= audit.chunks) return { next: undefined };
  const chunk = await auditor.audits.getChunk(audit.id, audit.chunk);
  const high = chunk.map(({ finding }) => finding).filter(({ severity }) => severity === 'high');
  if (high.length > 0) await auditor.alert(audit, high, audit.chunk * 100);
  const isLast = audit.chunk + 1 >= audit.chunks;
  return { next: isLast ? nextPhase(audit) : { ...audit, chunk: audit.chunk + 1 } };
};

/** EventBridge takes 10 entries at a time. */
const entriesMax = 10;
const linesOfEvidence = 10;

export function connectAlert(options: {
  readonly events: EventBridgeClient;
  readonly busName: string;
  readonly sns: SNSClient;
  readonly topicArn: string;
}): Alert {
  const { events, busName, sns, topicArn } = options;
  return async (audit, findings, from) => {
    const entries = findings.map((finding, index) => ({
      EventBusName: busName,
      Source: 'sharemaker',
      DetailType: `finding.${finding.code}`,
      Resources: finding.subject.startsWith('arn:') ? [finding.subject] : [],
      Detail: JSON.stringify({
        id: `${audit.id}#${from + index + 1}`,
        auditId: audit.id,
        ...finding,
        evidence: finding.evidence.slice(0, linesOfEvidence),
      }),
    }));
    for (let at = 0; at < entries.length; at += entriesMax) {
      const { FailedEntryCount } = await events.send(
        new PutEventsCommand({ Entries: entries.slice(at, at + entriesMax) }),
      );
      if (FailedEntryCount) throw new Error(`EventBridge did not take ${FailedEntryCount} findings.`);
    }
    await sns.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: `Sharemaker: ${findings.length === 1 ? '1 finding' : `${findings.length} findings`} of high severity`,
        Message: messageOf(audit, findings),
      }),
    );
  };
}

function messageOf(audit: AuditRecord, findings: readonly Finding[]): string {
  const paragraphs = findings.map(({ code, subject, evidence, remedy, repair, repairDetail }) =>
    [
      `${code}: ${subject}`,
      ...evidence.slice(0, linesOfEvidence).map((line) => `  ${line}`),
      repair ? `Repair: ${repair}. ${repairDetail ?? ''}` : `What to do: ${remedy}`,
    ].join('\n'),
  );
  return [`Audit ${audit.id}, started at ${audit.startedAt}.`, ...paragraphs].join('\n\n');
}
