/**
 * What a grant allows, said in plain TypeScript and without a look at how its documents are written: the second opinion that
 * the documents are held against.
 */

import { BlockList, isIP } from 'node:net';
import type { Share } from '../../../lib/grant/grant.ts';
import { actionsFor, type Entry, type Invocation } from './arbitrary-request.ts';
import { mark, proberRoleArn } from './arbitrary-share.ts';

/** The actions that STS asks a trust policy for, and whether it is to allow each to this caller. */
export const mayDo: Readonly<Record<string, (share: Share, entry: Entry) => boolean>> = {
  'sts:AssumeRole': (share, entry) => isProber(share, entry) || isChild(share, entry),
  'sts:SetSourceIdentity': (share, entry) =>
    share.recordCaller === true && isOfChild(share, entry) && entry.at < Date.parse(share.expiresAt),
  'sts:TagSession': () => false,
};

/** May this caller become the share role? STS asks for all that the session is to carry. */
export function mayEnter(share: Share, entry: Entry): boolean {
  return actionsFor(entry).every((action) => mayDo[action]?.(share, entry));
}

function isChild(share: Share, entry: Entry): boolean {
  const { externalIds, expiresAt, recordCaller } = share;
  const { current, next, previous } = externalIds;
  const opens = (id: string | undefined, until: string) =>
    id !== undefined && entry.externalId === id && entry.at < Date.parse(until);
  return (
    isOfChild(share, entry) &&
    (opens(current, expiresAt) ||
      opens(next?.value, expiresAt) ||
      opens(previous?.value, previous?.validUntil ?? '')) &&
    (recordCaller !== true || entry.sourceIdentity !== undefined) &&
    // The probe's name lifts the limits on addresses, those of tomorrow included, so nobody else may have it.
    entry.sessionName !== 'sharemaker-probe'
  );
}

function isOfChild({ child }: Share, entry: Entry): boolean {
  return (
    entry.accountId === child.accountId &&
    (child.orgId === undefined || entry.orgId === child.orgId) &&
    (child.principals === undefined ||
      child.principals.some((pattern) => isLike(entry.principalArn, pattern)))
  );
}

function isProber({ externalIds, expiresAt }: Share, entry: Entry): boolean {
  return (
    entry.principalArn === proberRoleArn &&
    entry.sessionName === 'sharemaker-probe' &&
    entry.externalId !== undefined &&
    [externalIds.current, externalIds.next?.value, externalIds.previous?.value, mark].includes(
      entry.externalId,
    ) &&
    entry.at < Date.parse(expiresAt)
  );
}

/** May a session of the share role do this? */
export function mayInvoke(share: Share, call: Invocation): boolean {
  if (call.at >= Date.parse(share.expiresAt)) return false;
  if (call.action.startsWith('s3:')) return isBrokered(share, call);
  return (
    actionsOf(share).has(call.action) &&
    isShared(share, call.resource) &&
    isGrantedModel(share, call) &&
    comesFromWhereItMay(share, call)
  );
}

function actionsOf({ modes }: Share): ReadonlySet<string> {
  return new Set([
    // A stream cannot be had without it.
    ...(modes.includes('sync') || modes.includes('stream') ? ['sagemaker:InvokeEndpoint'] : []),
    ...(modes.includes('stream') ? ['sagemaker:InvokeEndpointWithResponseStream'] : []),
    ...(modes.includes('async') ? ['sagemaker:InvokeEndpointAsync'] : []),
  ]);
}

function isShared({ endpoint, targets }: Share, resource: string): boolean {
  if (resource === endpoint.arn) return true;
  const [, component] =
    /^arn:aws:sagemaker:us-east-1:111111111111:inference-component\/(.+)$/.exec(resource) ?? [];
  const granted = targets?.inferenceComponents ?? [];
  return granted.some((name) => component === name || component === name.toLowerCase());
}

function isGrantedModel({ targets }: Share, { targetModel }: Invocation): boolean {
  if (!targets?.models) return true;
  return targetModel !== undefined && targets.models.some((pattern) => isLike(targetModel, pattern));
}

function comesFromWhereItMay({ conditions }: Share, call: Invocation): boolean {
  if (!conditions) return true;
  const { sourceIps = [], sourceVpces = [] } = conditions;
  const isInside = call.sourceVpce === undefined && sourceIps.some((range) => isWithin(call.sourceIp, range));
  const isThrough = call.sourceVpce !== undefined && sourceVpces.includes(call.sourceVpce);
  return isInside || isThrough || call.sessionName === 'sharemaker-probe';
}

function isBrokered({ async, modes }: Share, { action, resource }: Invocation): boolean {
  if (!async || !modes.includes('async')) return false;
  const isUnder = (url: string | undefined) =>
    url !== undefined && resource.startsWith(`arn:aws:s3:::${url.slice('s3://'.length)}`);
  if (action === 's3:PutObject') return isUnder(async.inputPrefix);
  return action === 's3:GetObject' && (isUnder(async.outputPrefix) || isUnder(async.failurePrefix));
}

function isLike(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

function isWithin(address: string, range: string): boolean {
  const [base = '', bits] = range.split('/');
  const family = (ip: string) => (isIP(ip) === 6 ? ('ipv6' as const) : ('ipv4' as const));
  const list = new BlockList();
  list.addSubnet(base, Number(bits ?? (family(base) === 'ipv6' ? 128 : 32)), family(base));
  return list.check(address, family(address));
}
