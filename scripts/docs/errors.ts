/** docs/errors.md */

import { clientProblems } from '../../lib/client/client-problem.ts';
import { Problem, type ProblemCode, problemBody, problems } from '../../lib/contract/problems.ts';
import { commonRefusals, refusalsOf } from './refusals.ts';
import { operationNames } from './schemas.ts';

const grantId = 'grt_01k9x4vq7m3f8r2ztbn5hcw6de';
const example = problemBody(
  new Problem('grant.ended', `Grant ${grantId} is revoked for good; it cannot suspend now.`),
  { path: `/grants/${grantId}/suspend`, requestId: '6f7c1c1e-2a43-4c1f-9d52-0f2f3a3c9a10' },
);

const intro = `# Problems

<!-- Made from lib/contract/problems.ts by \`npm run docs\`. -->

Every operation but the relay's refuses with \`application/problem+json\` (RFC 9457):

\`\`\`json
${JSON.stringify(example, null, 2)}
\`\`\`

Programs look at \`code\`, which does not change. \`detail\` is for people, and about this very request; \`remedy\` says what to do next. Where fields are wrong, \`errors\` lists each with a JSON Pointer into the body (or \`query/…\`, \`path/…\`, \`header/…\`) and what is allowed. \`requestId\` leads to the log entry. A thing that does not exist and a thing that is another's give the same 404.`;

const relayNote = `## Invocations

The relay answers in SageMaker's own shape, so that SageMaker's clients understand it: \`{"Message": "…"}\` with the error type in \`x-amzn-errortype\`. What SageMaker refuses passes through unchanged; what the relay itself refuses is said in the same words. See [invoke](api.md#invoke).`;

const clientIntro = `## Of the client

\`lib/client\` throws every problem as a \`ClientProblem\` with the same \`code\`. It has a few of its own, for what goes wrong before the API's code has a say, or after it.`;

export function errorsDocument(): string {
  const codes = Object.keys(problems) as ProblemCode[];
  const families = [...new Set(codes.map(familyOf))].sort();
  const index = families.map((family) => {
    const links = codes.filter((code) => familyOf(code) === family).map((code) => link(code));
    return `| ${family} | ${links.join(' · ')} |`;
  });
  const sections = families.map((family) =>
    [
      `## ${titles[family] ?? family}`,
      ...codes.filter((code) => familyOf(code) === family).map((code) => section(code)),
    ].join('\n\n'),
  );
  const ofClient = Object.entries(clientProblems).map(
    ([code, { title, remedy }]) => `| \`${code}\` | ${title} | ${remedy} |`,
  );
  return `${[
    intro,
    ['| about | codes |', '|---|---|', ...index].join('\n'),
    ...sections,
    relayNote,
    clientIntro,
    ['| code | means | what to do |', '|---|---|---|', ...ofClient].join('\n'),
  ].join('\n\n')}\n`;
}

/** GitHub drops the dots of a heading from its anchor. */
export function anchorOf(code: ProblemCode): string {
  return code.replaceAll('.', '');
}

// --- internal ---

const titles: Readonly<Record<string, string>> = {
  audit: 'Audits',
  caller: 'Callers',
  cursor: 'Pages',
  endpoint: 'Endpoints',
  grant: 'Grants',
  idempotency: 'Repetition',
  internal: 'Sharemaker',
  offer: 'Offers',
  request: 'Requests',
  subscription: 'Subscriptions',
  upstream: 'AWS',
};

function section(code: ProblemCode): string {
  const { status, title, remedy } = problems[code];
  const isCommon = (commonRefusals as readonly ProblemCode[]).includes(code);
  const operations = operationNames.filter((name) => refusalsOf(name).includes(code));
  const from = isCommon ? 'any operation' : operations.map((name) => `[${name}](api.md#${name})`).join(', ');
  return [`### ${code}`, `**${status}** · ${title}.`, remedy, `From ${from}.`].join('\n\n');
}

function link(code: ProblemCode): string {
  return `[${code}](#${anchorOf(code)})`;
}

function familyOf(code: ProblemCode): string {
  return code.slice(0, code.indexOf('.'));
}
