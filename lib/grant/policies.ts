/**
 * From a grant to the documents of its share role. Pure: no I/O, no clock.
 * The documents are exactly as wide as the grant, and IAM itself ends them at the grant's date.
 */

import type { Mode } from '../contract/fields.ts';
import type { Share } from './grant.ts';
import type { Conditions, PolicyDocument, Statement } from './policy-document.ts';

export interface PolicySettings {
  readonly proberRoleArn: string;
}

/** The session name under which the parent probes. Where addresses limit the child, it is what lets the probe through. */
export const probeSessionName = 'sharemaker-probe';

/** Which actions a mode needs. SageMaker's API reference asks InvokeEndpoint for streams, the Service Authorization Reference the other: grant both. */
const actionsOfMode: Readonly<Record<Mode, readonly string[]>> = {
  sync: ['sagemaker:InvokeEndpoint'],
  stream: ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointWithResponseStream'],
  async: ['sagemaker:InvokeEndpointAsync'],
};

/** The modes that these modes let through: stream cannot be had without sync. */
export function effectiveModes(modes: readonly Mode[]): Mode[] {
  const actions = new Set(modes.flatMap((mode) => actionsOfMode[mode]));
  return (['sync', 'stream', 'async'] as const).filter((mode) =>
    actionsOfMode[mode].every((action) => actions.has(action)),
  );
}

/**
 * An external id that admits the prober alone, and that no document before had. The trust policy is the last document to be
 * put: where AssumeRole with its mark is let through, IAM goes by it, and by all that was put before.
 */
export function markOf({ id, generation }: { id: string; generation: number }, step: 1 | 2): string {
  return `${id}@${generation}.${step}`;
}

/** Who may become the role: the child with the external id, and the parent's own prober, until the date. */
export function trustDocument(
  share: Share & { readonly proven?: { readonly mark: string } },
  settings: PolicySettings,
  mark = share.proven?.mark,
): PolicyDocument {
  const { current, next, previous } = share.externalIds;
  const ids = oneOrMany([current, ...(next ? [next.value] : [])]);
  // The prober has the old one, too: only where it was let in before does its refusal prove that the old one is gone.
  const probeIds = [ids, previous?.value ?? [], mark ?? []].flat();
  return document([
    childStatement('Child', share, ids, share.expiresAt),
    ...(previous ? [childStatement('ChildPrevious', share, previous.value, previous.validUntil)] : []),
    ...(share.recordCaller ? [callerStatement(share)] : []),
    probeStatement(share, settings, probeIds, { DateLessThan: { 'aws:CurrentTime': share.expiresAt } }),
  ]);
}

/** What the role may do. One statement per kind of condition, so that any one of them suffices. */
export function permissionDocument(share: Share): PolicyDocument {
  const until: Conditions = { DateLessThan: { 'aws:CurrentTime': share.expiresAt } };
  const model: Conditions = share.targets?.models
    ? { StringLike: { 'sagemaker:TargetModel': share.targets.models } }
    : {};
  const invoke = (sid: string, condition: Conditions): Statement => ({
    Sid: sid,
    Effect: 'Allow',
    Action: oneOrMany([...new Set(share.modes.flatMap((mode) => actionsOfMode[mode]))].sort()),
    Resource: oneOrMany(resourcesOf(share)),
    Condition: merge(until, model, condition),
  });
  return document([
    ...callerConditions(share).map(({ suffix, condition }) => invoke(`Invoke${suffix}`, condition)),
    ...asyncStatements(share, until),
  ]);
}

/** Cuts every session at once, those taken before included: permissions are evaluated at each request. */
export const denyDocument: PolicyDocument = document([
  { Sid: 'Shut', Effect: 'Deny', Action: '*', Resource: '*' },
]);

/** The trust of a role that is shut: the mark alone, at any date, so that a session can be had and seen to be refused. */
export function shutTrustDocument(share: Share, settings: PolicySettings, mark: string): PolicyDocument {
  return document([probeStatement(share, settings, [mark], {})]);
}

function childStatement(
  sid: string,
  share: Share,
  externalIds: string | readonly string[],
  until: string,
): Statement {
  return {
    Sid: sid,
    Effect: 'Allow',
    Principal: childPrincipal(share),
    Action: 'sts:AssumeRole',
    Condition: merge(
      { StringEquals: { 'sts:ExternalId': externalIds } },
      whoAndUntil(share, until),
      share.recordCaller ? { Null: { 'sts:SourceIdentity': 'false' } } : {},
      // Otherwise the child could take the name that addresses do not bind. Also where there are none: a session taken today
      // lives on when the grant is limited to addresses within the hour.
      { StringNotEquals: { 'sts:RoleSessionName': probeSessionName } },
    ),
  };
}

/**
 * STS: whoever sets a source identity needs sts:SetSourceIdentity as well. Of the keys of STS it knows sts:SourceIdentity
 * alone (Service Authorization Reference), so no external id may be asked for here; by itself it opens nothing.
 */
function callerStatement(share: Share): Statement {
  return {
    Sid: 'ChildIdentity',
    Effect: 'Allow',
    Principal: childPrincipal(share),
    Action: 'sts:SetSourceIdentity',
    Condition: whoAndUntil(share, share.expiresAt),
  };
}

function childPrincipal(share: Share) {
  return { AWS: `arn:${partitionOf(share)}:iam::${share.child.accountId}:root` };
}

function whoAndUntil({ child: { orgId, principals } }: Share, until: string): Conditions {
  return merge(
    { DateLessThan: { 'aws:CurrentTime': until } },
    orgId ? { StringEquals: { 'aws:PrincipalOrgID': orgId } } : {},
    principals ? { ArnLike: { 'aws:PrincipalArn': oneOrMany(principals) } } : {},
  );
}

function probeStatement(
  share: Share,
  settings: PolicySettings,
  externalIds: readonly string[],
  until: Conditions,
): Statement {
  return {
    Sid: 'Probe',
    Effect: 'Allow',
    // The account with a condition, not the role itself: IAM would store the role's unique id, and a re-created prober would be locked out.
    Principal: { AWS: `arn:${partitionOf(share)}:iam::${settings.proberRoleArn.split(':')[4]}:root` },
    Action: 'sts:AssumeRole',
    Condition: merge(
      { ArnEquals: { 'aws:PrincipalArn': settings.proberRoleArn } },
      {
        StringEquals: { 'sts:ExternalId': oneOrMany(externalIds), 'sts:RoleSessionName': probeSessionName },
      },
      until,
    ),
  };
}

/** Addresses and VPC endpoints are alternatives: a call through a VPC endpoint has no aws:SourceIp. */
function callerConditions(share: Share): { suffix: string; condition: Conditions }[] {
  const { sourceIps, sourceVpces } = share.conditions ?? {};
  if (!hasAddresses(share)) return [{ suffix: '', condition: {} }];
  return [
    ...(sourceIps
      ? [{ suffix: 'FromAddress', condition: { IpAddress: { 'aws:SourceIp': oneOrMany(sourceIps) } } }]
      : []),
    ...(sourceVpces
      ? [
          {
            suffix: 'FromVpcEndpoint',
            condition: { StringEquals: { 'aws:SourceVpce': oneOrMany(sourceVpces) } },
          },
        ]
      : []),
    { suffix: 'Probe', condition: { StringLike: { 'aws:userid': `*:${probeSessionName}` } } },
  ];
}

function hasAddresses(share: Share): boolean {
  return share.conditions?.sourceIps !== undefined || share.conditions?.sourceVpces !== undefined;
}

function asyncStatements(share: Share, until: Conditions): Statement[] {
  if (!share.modes.includes('async') || !share.async) return [];
  const { inputPrefix, outputPrefix, failurePrefix } = share.async;
  const results = failurePrefix ? [outputPrefix, failurePrefix] : [outputPrefix];
  return [
    {
      Sid: 'AsyncInput',
      Effect: 'Allow',
      Action: 's3:PutObject',
      Resource: objectsUnder(share, inputPrefix),
      Condition: until,
    },
    {
      Sid: 'AsyncResult',
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: oneOrMany(results.map((prefix) => objectsUnder(share, prefix))),
      Condition: until,
    },
  ];
}

function objectsUnder(share: Share, prefix: string): string {
  return `arn:${partitionOf(share)}:s3:::${prefix.slice('s3://'.length)}*`;
}

function resourcesOf(share: Share): string[] {
  const { arn } = share.endpoint;
  const component = arn.replace(/:endpoint\/.*$/, ':inference-component/');
  const names = (share.targets?.inferenceComponents ?? []).flatMap((name) => [name, name.toLowerCase()]);
  // Endpoint ARNs are lower-cased; of components AWS does not say, so both spellings of the one name stand here.
  return [arn, ...[...new Set(names)].map((name) => `${component}${name}`)];
}

function partitionOf(share: Share): string {
  return share.endpoint.arn.split(':')[1] ?? 'aws';
}

function document(statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}

function oneOrMany(values: readonly string[]): string | readonly string[] {
  return values.length === 1 && values[0] !== undefined ? values[0] : values;
}

/** Conditions of one statement are joined by AND; keys of one operator stand together. */
function merge(...parts: readonly Conditions[]): Conditions {
  const merged: Record<string, Record<string, string | readonly string[]>> = {};
  for (const part of parts)
    for (const [operator, keys] of Object.entries(part)) merged[operator] = { ...merged[operator], ...keys };
  return merged;
}
