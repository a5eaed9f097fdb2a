/**
 * What the relay takes over from an offer that it reads again: whatever may change in the life of one grant, and
 * nothing that would lead elsewhere. Checked by hand, because the relay carries no schema library. Pure.
 */

import type { Mode } from '../contract/fields.ts';
import type { SubscriptionRecord, Terms } from './subscription.ts';

/** Undefined: this is not a newer offer of the same grant. */
export function newerTerms(record: SubscriptionRecord, offer: unknown): Terms | undefined {
  if (!isObject(offer)) return undefined;
  const isSameGrant =
    offer['version'] === 1 &&
    offer['grantId'] === record.grantId &&
    offer['roleArn'] === record.roleArn &&
    isObject(offer['endpoint']) &&
    offer['endpoint']['name'] === record.endpoint.name &&
    offer['endpoint']['region'] === record.endpoint.region;
  const { externalId, expiresAt, modes } = offer;
  if (!isSameGrant || !isExternalId(externalId) || !isInstant(expiresAt) || !areModes(modes))
    return undefined;
  const concurrency = isObject(offer['limits']) ? offer['limits']['concurrency'] : undefined;
  const async = isObject(offer['async']) ? asyncTerms(offer['async']) : undefined;
  return {
    grantId: record.grantId,
    roleArn: record.roleArn,
    endpoint: record.endpoint,
    offerUrl: record.offerUrl,
    externalId,
    expiresAt: new Date(expiresAt).toISOString(),
    modes,
    // Only a check needs the targets, and it reads the offer itself.
    ...(record.targets && { targets: record.targets }),
    ...(async && { async }),
    ...(isCount(concurrency) && { limits: { concurrency } }),
    ...(offer['recordCaller'] === true && { recordCaller: true }),
  };
}

const modesAll: readonly Mode[] = ['sync', 'stream', 'async'];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isExternalId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w+=,.@:/-]{2,1224}$/.test(value);
}

function isInstant(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 40 && !Number.isNaN(Date.parse(value));
}

function areModes(value: unknown): value is Mode[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= modesAll.length &&
    value.every((mode) => modesAll.includes(mode))
  );
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1000;
}

function asyncTerms(value: Record<string, unknown>): SubscriptionRecord['async'] {
  const { inputPrefix, outputPrefix, failurePrefix, outputPathExtension } = value;
  if (!isPrefix(inputPrefix) || !isPrefix(outputPrefix)) return undefined;
  if (typeof outputPathExtension !== 'string' || outputPathExtension.length > 512) return undefined;
  return {
    inputPrefix,
    outputPrefix,
    outputPathExtension,
    ...(isPrefix(failurePrefix) && { failurePrefix }),
  };
}

function isPrefix(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= 1024 &&
    /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[\w!.*'()/-]+\/$/.test(value)
  );
}
