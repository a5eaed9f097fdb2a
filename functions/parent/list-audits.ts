import { publicAudit } from '../../lib/audit/audit-record.ts';
import { connectAudits } from '../../lib/audit/connect-auditor.ts';
import { encodeCursor, readPage } from '../../lib/http/cursor.ts';
import { serve } from '../../lib/http/serve.ts';

const audits = connectAudits(process.env);

export const handler = serve('list-audits', async ({ input: { query } }) => {
  const { records, next } = await readPage(query, (from) => audits.list(query.limit, from));
  return {
    status: 200,
    body: { items: records.map(publicAudit), ...(next && { nextCursor: encodeCursor(query, next) }) },
  };
});
