/** docs/administration.md */

import { busExamples, grantEvents } from './bus-events.ts';
import { type ExampleRole, examplePolicy, exampleRoles } from './roles.ts';

export function administrationDocument(): string {
  return [intro, callers(), ...policies(), stages, analyzer, events(), upgrade, removal].join('\n\n');
}

const intro = `# Administration

<!-- Made from scripts/docs/administration.ts by \`npm run docs\`. -->

For whoever runs Sharemaker in an account. How to deploy it and what its alarms mean is in the [README](../README.md#deploy); what it protects, in [Security](../SECURITY.md).`;

function callers(): string {
  const rows = Object.entries<ExampleRole>(exampleRoles).map(
    ([name, { of, may, operations }]) => `| ${name} | ${of} | ${may} | ${operations.join(', ')} |`,
  );
  return `## Who may call what

Both APIs ask IAM. Nobody of the account may call anything until an IAM policy allows \`execute-api:Invoke\` on it. Five policies that suit most; an auditor or a grant administrator has the reader's as well:

| role | account | may | operations |
|---|---|---|---|
${rows.join('\n')}

Whoever reads a grant sees its external id, which opens nothing to another account. IAM cannot tell a report from a repair or an adoption, so to run audits is to be trusted with share roles. And these policies hold only for those who come through the API: whoever may invoke the functions (\`lambda:InvokeFunction\`), write the tables or change the stack needs no API. Leave that to those who deploy.

Replace account, API and stage; \`*\` in place of the alias admits to all of them.`;
}

function policies(): string[] {
  return Object.entries<ExampleRole>(exampleRoles).map(([name, role]) =>
    [
      `### ${name[0]?.toUpperCase()}${name.slice(1)}`,
      `\`\`\`json\n${JSON.stringify(examplePolicy(role), null, 2)}\n\`\`\``,
    ].join('\n\n'),
  );
}

const stages = `## Several stages in one account

\`--stage\` names everything anew: tables, topics, bus, functions, boundary, prober. The path \`/sharemaker/\` is shared, and a stage's functions can write to all of it, so keep what matters in an account of its own. An audit leaves the share roles of another stage alone. An account may be a parent and a child as well: the two stacks share no name. A grant to the parent's own account is refused.`;

const analyzer = `## IAM Access Analyzer

An analyzer for external access rightly reports every share role: another account may assume it. The audit says more about each, so archive them, and only them:

\`\`\`sh
aws accessanalyzer create-archive-rule --analyzer-name "$ANALYZER" --rule-name sharemaker \\
  --filter '{ "resource": { "contains": ["role/sharemaker/"] }, "resourceType": { "eq": ["AWS::IAM::Role"] } }'
\`\`\`

Such a rule also hides a role that somebody makes under \`/sharemaker/\` by hand. The audit does not.`;

function events(): string {
  const rows = Object.entries(grantEvents).map(([event, means]) => `| \`${event}\` | ${means} |`);
  const [grant, finding] = busExamples.map((example) => JSON.stringify(example, null, 2));
  return `## Events

The bus \`sharemaker-<stage>\` of the parent carries what happens to grants, and the audit's findings of high severity. An event may come twice, with the same \`detail.id\`; those of one grant are numbered in their order, behind the \`#\`. Neither carries an external id.

Of a grant, with \`status\` as it is when the event is sent, \`by\` as the ARN that asked or \`sharemaker\`, and \`detail\` where there is something to say:

\`\`\`json
${grant}
\`\`\`

| detail-type | has happened |
|---|---|
${rows.join('\n')}

Of a finding, \`finding.<code>\` with a code of [Audit](audit.md#findings); fields as in [Finding](api.md#finding), the evidence cut after ten lines, and \`isReminder\` where it was told before (\`audit.failed\` says that an audit was given up):

\`\`\`json
${finding}
\`\`\``;
}

const upgrade = `## Upgrade

Deploy the new version over the old one, the parent first. Its [changes](../CHANGELOG.md) say where share roles are made differently; living ones then differ from what their grants call for, and the next audit reports \`policy.drifted\` or \`trust.drifted\` for each. Look at one, then let it mend all, by the same proven steps as ever: \`POST /audits\` with \`{ "mode": "repair" }\`. Nobody loses access meanwhile.`;

const removal = `## Removal

1. Revoke every grant, and wait until \`GET /grants?status=\` lists none that is \`provisioning\`, \`active\`, \`suspended\` or \`revoking\`: share roles belong to no stack and would live on until their dates.
2. \`npx serverless remove --param account=parent\`, and the same for the child.
3. Tables and bucket stay, with the record of who had access. A new deployment of the same stage needs them gone, or imported.
`;
