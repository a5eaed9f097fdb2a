import { findingKinds } from '../../lib/audit/findings.ts';
import { pitfalls } from '../../lib/audit/shares.ts';
import { type FindingCode, findingCode } from '../../lib/contract/audit.ts';
import { findingExamples } from './audit-examples.ts';

export function auditDocument(): string {
  return [
    introduction,
    overview(),
    ...findingCode.options.map(section),
    aboutShares(),
    aboutChains,
    aboutUnused,
    aboutRuns,
    limits,
  ].join('\n\n');
}

const introduction = `# The audit

<!-- Made from lib/audit/findings.ts by \`npm run docs\`. -->

An audit holds every grant against what IAM really says, and looks through the whole account for shares that were made by hand.

- \`POST /audits\` runs one now ([audit-grants](api.md#audit-grants)); a schedule runs one every hour. The answer is 201 with the finished audit, or 202 with the running one: ask again to go on with it, or let the schedule do it.
- Mode \`report\`, the default, only tells. Mode \`repair\` also mends what belongs to Sharemaker, by the same steps that create and end a grant: what was mended is proven by probes before it is called repaired. Nothing else in the account is ever changed.
- Findings of severity \`high\` are published as events \`finding.<code>\` on the EventBridge bus and as a message to the SNS topic: at once when they are new or their evidence has changed, once a day (\`isReminder\`) while they stay. What repair did about them stands in the audit. An audit that cannot be finished is the event \`audit.failed\`, and a message.
- Policies are compared by what they mean. The order of keys and statements, a string or a list of one, an account id or its root ARN, the case of actions and condition keys, and the format of dates make no difference. External ids never appear in a finding.

In the evidence, a line that begins with \`-\` is missing and a line that begins with \`+\` is too much.`;

function overview(): string {
  const rows = findingCode.options.map((code) => {
    const { severity, means, mending } = findingKinds[code];
    return `| [${code}](#${code.replace('.', '')}) | ${severity} | ${means} | ${mending ? 'yes' : 'no'} |`;
  });
  return [
    '## Findings',
    '',
    '| code | severity | what it means | repaired |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

const examples = findingExamples();

function section(code: FindingCode): string {
  const { severity, means, remedy, mending, onlyReported } = findingKinds[code];
  const { subject, evidence } = examples[code];
  return [
    `### ${code}`,
    `**${severity}** · ${means}`,
    ['```text', subject, ...evidence.map((line) => `  ${line}`), '```'].join('\n'),
    `**What to do.** ${remedy}`,
    `**Repair** ${mending ? mendings[mending] : `does nothing: ${onlyReported}.`}`,
  ].join('\n\n');
}

const mendings: Readonly<Record<NonNullable<(typeof findingKinds)[FindingCode]['mending']>, string>> = {
  restore:
    'puts back boundary, tags, session length and documents, drops what is too much, and has the grant proven by probes again.',
  advance: 'moves the grant to where it was asked to be, and proves it.',
  remove:
    'puts a deny on the role, proves by probes that neither an old session nor a new one gets through, and removes it.',
  suspend: 'announces first; see [unused grants](#unused-grants).',
};

function aboutShares(): string {
  const rows = pitfalls.map(({ name, says }) => `| ${name} | ${says} |`);
  return `## Shares made by hand

\`share.unmanaged\` names every role outside \`/sharemaker/\` through which somebody of another account, or of an identity provider (OpenID Connect, SAML), can invoke an endpoint: who, which endpoints, in which modes, and these pitfalls where it has them:

| pitfall | what it says |
|---|---|
${rows.join('\n')}

A role counts only if its trust policy admits somebody outside, its policies let an endpoint through, and no boundary, deny or date stands in between. Conditions that the audit cannot weigh (an address, a target model, multi-factor authentication) are shown as \`Only if\`; they do not make a share go away.

Identity providers are often how the account's own people and pipelines come in. A role that is open to named subjects of a provider alone, or to people by SAML, is of severity \`medium\`. Pods of EKS clusters whose service account is named, and roles of IAM Identity Center, are not reported.

A share that has to stay as it is can be accepted: tag the role \`sharemaker:accepted-until\` with a date such as \`2027-06-30\` (UTC; or with a time, \`2027-06-30T12:00:00Z\`). Until then its finding says so, has severity \`low\`, and nobody is alerted. Whoever may tag roles can do that; the finding stays in every audit.

\`POST /audits\` with \`{ "adopt": "<role ARN>" }\` makes a proper grant of one, with a share role of its own, for the same account, principals, endpoint and modes, with its addresses, VPC endpoints, target models and the earlier of its dates: never wider than what the role lets through today. The answer's finding says which grant it is and which steps are left to the child. The old role is never touched: delete it when the child has moved over. A role that one grant cannot stand for (several accounts or endpoints, an endpoint that is not there, an identity provider, a condition that a grant does not have) is refused, and told why, with [audit.not_adoptable](errors.md#auditnot_adoptable).`;
}

const aboutChains = `## Chains of roles

\`share.chained\` names every role that lets somebody outside in and by which they get further: it may assume another role of the account, that one perhaps a third, and at the end stands one that opens an endpoint which the first does not open itself. The evidence shows the ends that open something more, each by its shortest way, those without conditions first; of several roles with the same policies it shows one.

A step counts if the next role's trust policy lets the one before it in and no deny, boundary, date, \`aws:PrincipalArn\` or second factor stands in between. Where the trust policy names the whole account, the one before needs \`sts:AssumeRole\` in its own policies; where it names the role, a session of it or everybody, it needs none, as IAM has it. Conditions that the audit cannot weigh are shown, those of an allow as \`Only if\`, those of a deny as \`Unless\`; they do not make a chain go away. Severity and the tag \`sharemaker:accepted-until\`, here on the first role, are as for shares made by hand; a chain cannot be adopted.

Share roles lead nowhere: their boundary denies all but invoking, and with that what a role, bucket or key of the account opens to everybody in it.`;

const aboutUnused = `## Unused grants

Off unless the deployment sets \`unusedWarnDays\`, \`unusedSuspendDays\` or both (\`--param unusedWarnDays=30 --param unusedSuspendDays=60\`).

Use is what IAM says of the role ("last used"), which is hours behind and goes back 400 days; a day is allowed for the delay. Sharemaker's own probes are uses there and count as such, so that none of the child's is overlooked: days are counted from the last change, probe or use. While either parameter is set, a grant whose role is as it should be is probed again only when its child has used it. A grant is suspended only by an audit in mode \`repair\`, only after \`unusedSuspendDays\`, and only if an earlier audit has announced it: the announcement is the event \`grant.unused\` in the history of the grant and on the bus. Resume brings it back.`;

const aboutRuns = `## How an audit runs

| phase | what it reads | calls |
|---|---|---|
| roles | every role with its policies, and the managed policies in use | one to IAM for a thousand roles |
| chains | the same once more, to follow who gets from one role to another | one to IAM for a thousand roles |
| grants | every living grant, the list of share roles, the endpoints, the quota | one to IAM for a thousand share roles, one for the quota |
| probes | for up to five grants whose role looks too wide, and five others, drawn anew each time: a wrong external id, another endpoint, another mode | none to IAM |
| alerts | the findings of severity \`high\` | one event each, one message a chunk |
| repair | the findings, a chunk at a time | what mending takes |

Only one audit runs at a time. After each page it writes down how far it has come, so a run that dies, or whose time is over, is gone on with from its last page (chains of roles begin anew, because one may begin on the first page and end on the last; after three runs that did not get through them they are left out, which is the finding \`audit.incomplete\`). Of a run that was killed, others know after two minutes. What cannot be probed or listed is the finding \`audit.incomplete\` and stops nothing else; an audit that is taken up five times without getting any further has failed, and the next one begins anew. Alerts that the bus or the topic does not take are sent again after repair.

Where several stages are deployed in one account, each tags its share roles with \`sharemaker:deployment\`, the name of its boundary. Repair removes only roles that carry its own tags, or that a grant of its own which has ended names. Roles of another deployment are named with severity \`low\`; one that only claims to be, because it lets through what no grant does, is \`high\`.

A grant that is being changed while it is audited, or was changed within the last five minutes, is left out: IAM may still show its documents as they were before, and the next audit sees it.`;

const limits = `## What it does not see

- Chains that go by way of something else than roles, such as a function that somebody outside may change, or a role that may change another's policies.
- Service control policies and resource control policies of an organization, which can only shut what is reported as open.
- Shares that do not go through a role of this account, such as access keys that were handed out.
- Inference components are taken for part of their endpoint.
`;
