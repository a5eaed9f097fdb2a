import { administrationDocument } from './administration.ts';
import { apiDocument } from './api.ts';
import { auditDocument } from './audit.ts';
import { errorsDocument } from './errors.ts';
import { lifecycleDocument } from './lifecycle.ts';
import { openApiDocument } from './openapi.ts';

/** Path from the root of the repository → what the file must hold. */
export function documents(): Readonly<Record<string, string>> {
  return {
    'docs/administration.md': administrationDocument(),
    'docs/api.md': apiDocument(),
    'docs/audit.md': auditDocument(),
    'docs/errors.md': errorsDocument(),
    'docs/lifecycle.md': lifecycleDocument(),
    'docs/openapi.json': `${JSON.stringify(openApiDocument(), null, 2)}\n`,
  };
}
