/**
 * What an audit can find: one row for each code, with how bad it is, what to do about it, and the check that finds it.
 * Pure: roles and grants in, findings out. docs/audit.md is made from the table.
 */

import type { Finding, FindingCode } from '../contract/audit.ts';
import type { GrantRecord } from '../grant/grant.ts';
import * as grantChecks from './grant-evidence.ts';
import type { AccountRole } from './inventory.ts';
import * as roleChecks from './role-evidence.ts';

/** How `repair` mends it: see repair.ts. */
export type Mending = 'restore' | 'advance' | 'remove' | 'suspend';

interface Kind {
  readonly severity: Finding['severity'];
  readonly means: string;
  readonly remedy: string;
  /** Absent: only reported, for the reason given. */
  readonly mending?: Mending;
  readonly onlyReported?: string;
  /** Holds one role against its grant. */
  readonly ofRole?: (held: roleChecks.HeldRole) => roleChecks.Evidence;
  /** Holds one grant against time, the list of roles and its endpoint. */
  readonly ofGrant?: (held: grantChecks.HeldGrant) => roleChecks.Evidence;
}

export const findingKinds: Readonly<Record<FindingCode, Kind>> = {
  'role.missing': {
    severity: 'high',
    means: 'The share role of a living grant is gone.',
    remedy: 'Find out who deletes roles under /sharemaker/; repair makes the role again and proves it.',
    mending: 'restore',
    ofGrant: grantChecks.roleMissing,
  },
  'role.orphaned': {
    severity: 'high',
    means:
      'A role under /sharemaker/ belongs to no living grant of this deployment. Low where another deployment made it.',
    remedy:
      'Repair shuts it, proves it shut and removes it. A role that this deployment did not make is yours to remove.',
    mending: 'remove',
  },
  'role.recreated': {
    severity: 'high',
    means: 'The share role was deleted and made again by somebody else.',
    remedy: 'Look in CloudTrail who made it; repair gives it back its documents and proves it.',
    mending: 'restore',
    ofRole: roleChecks.roleRecreated,
  },
  'trust.drifted': {
    severity: 'high',
    means: 'The trust policy does not say what the grant says.',
    remedy: 'Look in CloudTrail who changed it (UpdateAssumeRolePolicy); repair puts it back and proves it.',
    mending: 'restore',
    ofRole: roleChecks.trustDrifted,
  },
  'trust.principal_recreated': {
    severity: 'medium',
    means:
      'The trust policy names a principal that was deleted; IAM shows its unique id instead of its name.',
    remedy:
      'Repair puts the trust back: it names the account, with conditions, and so outlives principals that are made again.',
    mending: 'restore',
    ofRole: roleChecks.principalRecreated,
  },
  'policy.drifted': {
    severity: 'high',
    means: 'The permission policy does not say what the grant says.',
    remedy: 'Look in CloudTrail who changed it (PutRolePolicy); repair puts it back and proves it.',
    mending: 'restore',
    ofRole: roleChecks.policyDrifted,
  },
  'policy.extra': {
    severity: 'high',
    means: 'The role carries policies that its grant does not call for.',
    remedy:
      'Repair drops inline and attached policies. An instance profile is yours to remove (RemoveRoleFromInstanceProfile).',
    mending: 'restore',
    ofRole: roleChecks.policyExtra,
  },
  'boundary.missing': {
    severity: 'high',
    means: 'The permissions boundary is gone or is another one.',
    remedy: 'Look in CloudTrail who removed it; repair puts it back.',
    mending: 'restore',
    ofRole: roleChecks.boundaryMissing,
  },
  'tags.drifted': {
    severity: 'low',
    means: "Sharemaker's own tags on the role were changed. Tags that others added are left alone.",
    remedy: 'Repair puts them back.',
    mending: 'restore',
    ofRole: roleChecks.tagsDrifted,
  },
  'session.too_long': {
    severity: 'medium',
    means: 'Sessions of the role may last longer than an hour.',
    remedy: 'Repair sets the maximum back to one hour.',
    mending: 'restore',
    ofGrant: grantChecks.sessionTooLong,
  },
  'grant.expired_alive': {
    severity: 'high',
    means: "The grant's date has passed and the grant has not been ended.",
    remedy: 'See whether the schedule advance-grants runs; repair ends the grant and proves it.',
    mending: 'advance',
    ofGrant: grantChecks.expiredAlive,
  },
  'grant.stuck': {
    severity: 'medium',
    means: 'What was asked of a grant has not been proven for a quarter of an hour.',
    remedy: 'Read the last error; see whether the schedule advance-grants runs. Repair tries once more.',
    mending: 'advance',
    ofGrant: grantChecks.grantStuck,
  },
  'grant.unused': {
    severity: 'low',
    means:
      'The child has not used the grant for a long time. Only where UNUSED_WARN_DAYS or UNUSED_SUSPEND_DAYS is set.',
    remedy: 'Ask the child whether it still needs the grant, and revoke it if not.',
    mending: 'suspend',
    ofRole: roleChecks.grantUnused,
  },
  'endpoint.missing': {
    severity: 'medium',
    means: "The grant's endpoint does not exist any more.",
    remedy: 'Revoke the grant, or make the endpoint again under the same name.',
    onlyReported:
      'whether the endpoint comes back is for people to say, and until then there is nothing to reach',
    ofGrant: grantChecks.endpointMissing,
  },
  'endpoint.recreated': {
    severity: 'high',
    means: 'The endpoint was deleted and made again: the same name may serve another model.',
    remedy: 'If the child may use the new endpoint, create a new grant; in any case revoke this one.',
    onlyReported: 'whether the child may use what the name stands for now is for people to say',
    ofGrant: grantChecks.endpointRecreated,
  },
  'quota.roles_low': {
    severity: 'medium',
    means: "Fewer than one in ten of the account's IAM roles are left.",
    remedy:
      'Ask AWS to raise the quota "Roles per account", or revoke grants and delete roles that nobody uses.',
    onlyReported: 'only AWS can raise a quota',
  },
  'share.unmanaged': {
    severity: 'high',
    means:
      'A role made by hand lets somebody outside the account invoke an endpoint. Low where its tag `sharemaker:accepted-until` names a date to come.',
    remedy:
      'Make a grant of it ({ "adopt": "<role ARN>" }), let the child move over, then delete the role. If nobody needs it, delete it now. If it has to stay, tag it `sharemaker:accepted-until` with a date such as 2027-06-30.',
    onlyReported: "the role is not Sharemaker's, and its child would lose access without a word",
  },
  'share.chained': {
    severity: 'high',
    means:
      'Somebody outside the account may assume this role, and by it others of the account that open endpoints which it does not open itself. Low where its tag `sharemaker:accepted-until` names a date to come.',
    remedy:
      "Break the chain where nobody needs it: shut this role to those outside, or take the next role from its sts:AssumeRole, or it from the next role's trust policy. Give who needs an endpoint a grant. If it has to stay, tag this role `sharemaker:accepted-until` with a date such as 2027-06-30.",
    onlyReported: 'which of the roles is one too many is for people to say',
  },
  'access.too_wide': {
    severity: 'high',
    means:
      'A probe got through that had to be refused: a wrong external id, another endpoint or another mode.',
    remedy: 'Suspend the grant until it is known why. Repair puts the documents back and probes again.',
    mending: 'restore',
  },
  'audit.incomplete': {
    severity: 'high',
    means: 'Part of the audit could not be done: grants were not probed, or endpoints not seen.',
    remedy:
      'See what refuses it: the role sharemaker-prober-<stage> or its trust, the policies of audit-grants, a service control policy, throttling.',
    onlyReported: 'what keeps an audit from looking is for people to find',
  },
};

/** A finding, and what repair needs to know beyond it. */
export interface Found {
  readonly finding: Finding;
  /** Names of inline policies and ARNs of attached ones to drop; `leftOut`: how many more there are. */
  readonly extras?: {
    readonly inline: readonly string[];
    readonly attached: readonly string[];
    readonly leftOut: number;
  };
  /** What only people can take away. */
  readonly byHand?: readonly string[];
  /** Of an unused grant: an earlier audit announced it, and its time is over. */
  readonly isAnnounced?: boolean;
  readonly maySuspend?: boolean;
  /** Why its repair is not done yet. */
  readonly underWay?: string;
  /** Of an orphan that Sharemaker made: which endpoint it was for, by its tag. */
  readonly removable?: { readonly endpointName?: string };
}

export function finding(
  code: FindingCode,
  subject: string,
  evidence: readonly string[],
  grantId?: string,
): Finding {
  const { severity, remedy } = findingKinds[code];
  return { code, severity, subject, ...(grantId && { grantId }), evidence: bounded(evidence), remedy };
}

/** All that is wrong with one role of a living grant. */
export function findingsOfRole(held: roleChecks.HeldRole): Found[] {
  const { record } = held;
  return rows('ofRole').flatMap(([code, check]) => {
    const evidence = check(held);
    if (!evidence) return [];
    return [{ finding: finding(code, subjectOf(code, record), evidence, record.id), ...more[code]?.(held) }];
  });
}

/** Of each kind; what is left is for the next audit. */
const extrasMax = 100;

/** What repair needs beyond the finding. */
const more: Partial<Record<FindingCode, (held: roleChecks.HeldRole) => Omit<Found, 'finding'>>> = {
  'policy.extra': (held) => {
    const { inline, attached, instanceProfiles } = roleChecks.extrasOf(held);
    const byHand = instanceProfiles.map((name) => `instance profile ${name}`);
    const extras = { inline: inline.slice(0, extrasMax), attached: attached.slice(0, extrasMax) };
    const leftOut = inline.length + attached.length - extras.inline.length - extras.attached.length;
    return { extras: { ...extras, leftOut }, ...(byHand.length > 0 && { byHand }) };
  },
  'grant.unused': (held) => {
    const { isAnnounced = false, maySuspend = false } = roleChecks.idlenessOfRole(held) ?? {};
    return { isAnnounced, maySuspend };
  },
};

/** All that is wrong with one living grant, its role's documents apart. */
export function findingsOfGrant(held: grantChecks.HeldGrant): Found[] {
  const { record } = held;
  return rows('ofGrant').flatMap(([code, check]) => {
    const evidence = check(held);
    return evidence ? [{ finding: finding(code, subjectOf(code, record), evidence, record.id) }] : [];
  });
}

/** The grant that a share role is named for. */
export function grantIdOf({ name }: Pick<AccountRole, 'name'>): string | undefined {
  return /^sharemaker-(grt_[0-9a-hjkmnp-tv-z]{26})$/.exec(name)?.[1];
}

export function quotaFinding(
  { used, quota }: { readonly used: number; readonly quota: number },
  accountId: string,
): Found[] {
  if (quota === 0 || quota - used >= quota / 10) return [];
  const evidence = [`${used} of ${quota} roles are used; ${quota - used} are left.`];
  return [{ finding: finding('quota.roles_low', accountId, evidence) }];
}

type Check<Of extends 'ofRole' | 'ofGrant'> = NonNullable<Kind[Of]>;

function rows<Of extends 'ofRole' | 'ofGrant'>(of: Of): [FindingCode, Check<Of>][] {
  return Object.entries(findingKinds).flatMap(([code, kind]) => {
    const check = kind[of];
    return check ? [[code as FindingCode, check as Check<Of>]] : [];
  });
}

function subjectOf(code: FindingCode, record: GrantRecord): string {
  if (code.startsWith('endpoint.')) return record.endpoint.arn;
  return code.startsWith('grant.') ? record.id : record.role.arn;
}

const evidenceLinesMax = 40;
const evidenceCharactersMax = 400;
const evidenceBytesMax = 20_000;

/** Whatever stands in IAM, a finding stays of a size that people read and DynamoDB stores. */
function bounded(evidence: readonly string[]): string[] {
  const lines: string[] = [];
  let bytes = 0;
  for (const line of evidence.slice(0, evidenceLinesMax)) {
    const cut = line.length > evidenceCharactersMax ? `${line.slice(0, evidenceCharactersMax)}…` : line;
    bytes += Buffer.byteLength(cut);
    if (bytes > evidenceBytesMax) break;
    lines.push(cut);
  }
  const left = evidence.length - lines.length;
  return left > 0 ? [...lines, `… and ${left} lines more`] : lines;
}
