import { connectAudits } from '../../lib/audit/connect-auditor.ts';
import { readFindings } from '../../lib/audit/read-findings.ts';
import { decodeCursor, encodeCursor } from '../../lib/http/cursor.ts';
import { serve } from '../../lib/http/serve.ts';

const audits = connectAudits(process.env);

export const handler = serve('get-audit', async ({ input: { params, query } }) => {
  const record = await audits.require(params.auditId);
  const asked = { ...query, auditId: params.auditId };
  const { chunk = 0, at = 0 } = query.cursor === undefined ? {} : decodeCursor(asked, query.cursor);
  const page = await readFindings(audits, record, {
    limit: query.limit,
    from: { chunk: Number(chunk), at: Number(at) },
    cursorOf: (key) => encodeCursor(asked, key),
  });
  return { status: 200, body: page };
});
