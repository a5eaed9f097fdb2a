/** docs/api.md */

import { type Operation, type OperationName, operations } from '../../lib/contract/operations.ts';
import { problems } from '../../lib/contract/problems.ts';
import { intro, relaySection } from './api-prose.ts';
import { anchorOf } from './errors.ts';
import { type Example, examples } from './examples.ts';
import { alternatives, fieldRows, table } from './fields.ts';
import { pretty } from './pretty.ts';
import { refusalsOf } from './refusals.ts';
import { bodyName, components, type JsonSchema, operationNames, parametersOf } from './schemas.ts';

export function apiDocument(): string {
  const schemas = components();
  const of = (api: 'parent' | 'child') => operationNames.filter((name) => operations[name].api === api);
  return `${[
    intro,
    '## Operations',
    overview(),
    "## The parent's operations",
    ...of('parent').map((name) => section(name, schemas)),
    "## The child's operations",
    ...of('child').map((name) => section(name, schemas)),
    relaySection,
    '## Shapes',
    'What a question mark follows may be absent.',
    ...shapeSections(),
  ].join('\n\n')}\n`;
}

// --- internal ---

const allowed: Readonly<Record<'parent' | 'child', string>> = {
  parent: "callers of the parent's account whose policies allow it",
  child: "callers of the child's account whose policies allow it",
};

function overview(): string {
  const rows = operationNames.map((name) => {
    const { method, path, summary }: Operation = operations[name];
    return `| [${name}](#${name}) | \`${method} ${path}\` | ${summary} |`;
  });
  const relay = '| [invoke](#invoke) | `POST /endpoints/{alias}/invocations` … | Get a prediction. |';
  return ['| operation | | |', '|---|---|---|', ...rows, relay].join('\n');
}

function section(name: OperationName, schemas: Record<string, JsonSchema>): string {
  const operation: Operation = operations[name];
  const caller =
    name === 'get-offer' ? "the grant's own child account, and the parent" : allowed[operation.api];
  const body = operation.body && schemas[bodyName(name)];
  const parts = [
    `### ${name}`,
    `\`${operation.method} ${operation.path}\``,
    `${operation.summary} For ${caller}.`,
    parameters(operation),
    headers(operation),
    ...(body ? bodyTables(body) : []),
    answers(name, operation),
    refusals(name),
    exchange(operation, examples[name]),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

function parameters(operation: Operation): string | undefined {
  const rows = [
    ...fieldRows(parametersOf(operation, 'params')).map((row) => ({ ...row, path: `{${row.path}}` })),
    ...fieldRows(parametersOf(operation, 'query')).map((row) => ({ ...row, path: `?${row.path}` })),
  ];
  return rows.length === 0 ? undefined : table(rows).replace('| field |', '| in the address |');
}

function headers(operation: Operation): string | undefined {
  const said = [
    operation.guarded && '`If-Match` must carry the ETag of the grant as it was read, or `*`.',
    operation.keyed &&
      '`Idempotency-Key`, 1 to 128 printable ASCII characters, makes the request safe to repeat: the same key from the same caller finds the same grant.',
    operation.idempotent && 'Asking again does no harm.',
  ].filter(Boolean);
  return said.length === 0 ? undefined : said.join(' ');
}

function bodyTables(body: JsonSchema): string[] {
  const choices = alternatives(body);
  return choices.flatMap((choice, index) => [
    ...(index > 0 ? ['or'] : []),
    table(fieldRows(choice)).replace('| field |', '| body |'),
  ]);
}

const answerOf: Readonly<Record<OperationName, string>> = {
  'create-grant': 'the [Grant](#grant), with `Location` and `ETag`',
  'list-grants': 'a page of [Grants](#grant)',
  'get-grant': 'the [Grant](#grant), with `ETag`',
  'update-grant': 'the [Grant](#grant), with `ETag`',
  'suspend-grant': 'the [Grant](#grant), with `ETag`',
  'resume-grant': 'the [Grant](#grant), with `ETag`',
  'rotate-grant': 'the [Grant](#grant), with `ETag`',
  'revoke-grant': 'the [Grant](#grant), with `ETag`, and once it is done with its receipt',
  'get-offer': 'the [Offer](#offer)',
  'list-endpoints': 'a page of [Endpoints](#endpoint)',
  'audit-grants': 'the [Audit](#audit) with its first [Findings](#finding), and `Location`',
  'list-audits': 'a page of [Audits](#audit)',
  'get-audit': 'the [Audit](#audit) with a page of its [Findings](#finding)',
  'accept-offer': 'the [Subscription](#subscription), with `Location`',
  'list-subscriptions': 'a page of [Subscriptions](#subscription)',
  'get-subscription': 'the [Subscription](#subscription)',
  'check-subscription': 'the [Subscription](#subscription) as the probe left it',
  'remove-subscription': 'nothing',
};

function answers(name: OperationName, { success }: Operation): string {
  const statuses = success.map((status) => `\`${status}\``).join(', ');
  const underWay = success.includes(202) ? ' `202` says that it is still under way.' : '';
  return `Answers ${statuses}: ${answerOf[name]}.${underWay}`;
}

function refusals(name: OperationName): string {
  const byStatus = Map.groupBy(refusalsOf(name), (code) => problems[code].status);
  const lines = [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, codes]) => {
      const links = codes.map((code) => `[${code}](errors.md#${anchorOf(code)})`);
      return `- \`${status}\` ${links.join(' · ')}`;
    });
  return `Refuses with\n\n${lines.join('\n')}`;
}

function exchange(operation: Operation, example: Example<OperationName>): string {
  const sent = [
    `${operation.method} ${example.path}`,
    ...(example.body ? ['Content-Type: application/json'] : []),
    ...Object.entries(example.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    ...(example.body ? ['', pretty(example.body)] : []),
  ].join('\n');
  const request = `\`\`\`http\n${sent}\n\`\`\``;
  if (!example.answer) return request;
  return `${request}\n\n\`${example.status}\`\n\n\`\`\`json\n${pretty(example.answer)}\n\`\`\``;
}

/** AuditWithFindings is an Audit with one list more; the operations say so. */
function shapeSections(): string[] {
  const schemas = components('notes');
  const names = ['Grant', 'Offer', 'Endpoint', 'Audit', 'Finding', 'Subscription'];
  return names.flatMap((name) => [
    `### ${name}`,
    table(fieldRows(schemas[name] as JsonSchema, 'notes'), 'optional'),
  ]);
}
