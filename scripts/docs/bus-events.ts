/** Everything that Sharemaker puts on its event bus: what each event means, and one as a rule's target receives it. */

import type { PutEventsCommandInput, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { aGrant } from '../../bench/audit/a-grant.ts';
import { startAudit } from '../../lib/audit/audit-record.ts';
import { connectAlerts } from '../../lib/audit/connect-alerts.ts';
import { connectAnnouncer } from '../../lib/grant/events.ts';
import { remember } from '../../lib/grant/transitions.ts';
import { findingExamples } from './audit-examples.ts';

/** Event → what has happened. Of findings there is one event for each code, `finding.<code>`. */
export const grantEvents: Readonly<Record<string, string>> = {
  'grant.created': 'It was asked for. Nothing is open yet.',
  'grant.activated': 'It is open: the probes succeeded.',
  'grant.noted': 'Its note was changed.',
  'grant.update_asked': 'An update was asked for.',
  'grant.updated': 'The update is proven.',
  'grant.suspend_asked': 'A suspension was asked for.',
  'grant.suspended': 'It is proven shut.',
  'grant.resume_asked': 'It shall be opened again.',
  'grant.resumed': 'It is proven open again.',
  'grant.rotate_asked': 'A new external id was asked for.',
  'grant.rotated': 'The new external id is proven and offered; until when the old one works is said.',
  'grant.rotation_finished': 'The trust policy gives the old one its date, and that is proven.',
  'grant.retire_external_id_asked': 'The grace period of the old external id is over.',
  'grant.external_id_retired': 'The old external id is proven to open nothing.',
  'grant.revoke_asked': 'Its end was asked for. It may still be open.',
  'grant.revoked': 'It is proven dead, and the role is gone.',
  'grant.expire_asked': 'Its date has come. IAM refuses from now on.',
  'grant.expired': 'That is proven, and the role is gone.',
  'grant.clean_up_asked': 'It could not be made; what was made of it is being removed.',
  'grant.failed': 'It could not be made, and nothing of it is left.',
  'grant.repair_asked': 'The audit found that IAM does not say what the grant says.',
  'grant.repaired': 'It does again, and that is proven.',
  'grant.unused': 'The next audit may suspend it, because nobody uses it.',
  'grant.proven_open': 'What was asked for is proven open.',
  'grant.proven_shut': 'What was asked for is proven shut.',
};

const now = Date.parse('2027-02-01T09:00:00Z');
const around = {
  parentAccountId: '111111111111',
  proberRoleArn: 'arn:aws:iam::111111111111:role/sharemaker-system/sharemaker-prober-dev',
  boundaryArn: 'arn:aws:iam::111111111111:policy/sharemaker-system/sharemaker-boundary-dev',
  now,
};

/** Made by the very code that publishes them. */
export const busExamples = [
  await published((client) => {
    const record = remember(aGrant(around, 1, { status: 'revoked' }), {
      at: now,
      by: 'sharemaker',
      event: 'grant.revoked',
      detail: 'Proven dead 3.4 s after it was asked for.',
    });
    return connectAnnouncer(client, 'sharemaker-dev')(record, record.history.slice(-1));
  }),
  await published((client) => {
    const audit = startAudit('aud_01m85tx28jqmtjr8s6xtrravyt', { mode: 'report', by: 'schedule', now });
    const { tell } = connectAlerts({
      events: client,
      busName: 'sharemaker-dev',
      sns: client,
      topicArn: 'none',
    });
    return tell(audit, [{ number: 1, finding: findingExamples()['role.missing'], isReminder: false }]);
  }),
];

/** "Event structure reference": what EventBridge makes of the first entry, without the members that it adds itself. */
async function published(publish: (client: never) => Promise<void>) {
  const entries: PutEventsRequestEntry[] = [];
  const send = async ({ input }: { input: Partial<PutEventsCommandInput> }) => {
    entries.push(...(input.Entries ?? []));
    return { FailedEntryCount: 0 };
  };
  await publish({ send } as never);
  const [entry] = entries;
  return {
    source: entry?.Source,
    'detail-type': entry?.DetailType,
    resources: entry?.Resources,
    detail: JSON.parse(entry?.Detail ?? '{}'),
  };
}
