import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { adopt } from '../../lib/audit/adopt.ts';
import { runAudit } from '../../lib/audit/audit.ts';
import type { AuditRecord } from '../../lib/audit/audit-record.ts';
import { connectAuditor } from '../../lib/audit/connect-auditor.ts';
import { readFindings } from '../../lib/audit/read-findings.ts';
import { auditGrantsBody } from '../../lib/contract/audit.ts';
import { Problem } from '../../lib/contract/problems.ts';
import { encodeCursor } from '../../lib/http/cursor.ts';
import { serve } from '../../lib/http/serve.ts';

const auditor = connectAuditor(process.env);

const findingsMax = 100;

/** POST /audits: begins an audit, or goes on with the unfinished one, for as long as API Gateway waits. */
const serveRequest = serve('audit-grants', async ({ input: { body }, caller, url, deadlineAt }) => {
  const record =
    body.adopt === undefined
      ? await runAudit(auditor, { mode: body.mode, by: caller.arn }, deadlineAt)
      : await adopt(
          auditor,
          {
            roleArn: body.adopt,
            by: caller.arn,
            offerUrlOf: (id) => url.replace(/\/audits\/?$/, `/offers/${id}`),
          },
          deadlineAt,
        );
  if (body.adopt === undefined && record.mode !== body.mode)
    throw new Problem('request.conflict', `Audit ${record.id} is running in mode ${record.mode}.`);
  return {
    status: record.status === 'running' ? 202 : 201,
    body: await readFindings(auditor.audits, record, {
      limit: findingsMax,
      // For get-audit, where the rest can be read.
      cursorOf: (key) => encodeCursor({ auditId: record.id }, key),
    }),
    headers: { location: `${url}/${record.id}` },
  };
});

/** The target of the schedule: the mode comes with its event. */
async function serveSchedule(
  event: unknown,
  context: Context,
): Promise<Pick<AuditRecord, 'id' | 'status' | 'counts'>> {
  const { mode } = auditGrantsBody.parse(event ?? {});
  const deadlineAt = Date.now() + context.getRemainingTimeInMillis() - 5_000;
  const { id, status, counts } = await runAudit(auditor, { mode, by: 'schedule' }, deadlineAt);
  return { id, status, counts };
}

export const handler = (event: APIGatewayProxyEvent | { mode?: string }, context: Context) =>
  'requestContext' in event ? serveRequest(event, context) : serveSchedule(event, context);
