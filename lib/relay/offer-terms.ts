/**
 * What the relay takes over from an offer that it reads again: whatever may change in the life of one grant, and
 * nothing that would lead elsewhere. Checked by hand, because the relay carries no schema library. Pure.
 */

import type { Mode } from '../contract/fields.ts';
import { objectOf } from './attributes.ts';
import type { SubscriptionRecord, Terms } from './subscription.ts';

/** Undefined: this is not a newer offer of the same grant. */
export function newerTerms(record: SubscriptionRecord, offer: unknown): Terms | undefined {
  const { endpoint, grantId, roleArn, offerUrl, targets } = record;
  const said = objectOf(offer);
  const saidEndpoint = objectOf(said['endpoint']);
  const isSameGrant =
    said['version'] === 1 &&
    said['grantId'] === grantId &&
    said['roleArn'] === roleArn &&
    saidEndpoint['name'] === endpoint.name &&
    saidEndpoint['region'] === endpoint.region;
  const externalId = textOf(said['externalId'], /^[\w+=,.@:/-]{2,1224}$/);
  const expiresAt = Date.parse(textOf(said['expiresAt'], /^.{10,40}$/) ?? '');
  const modes = modesOf(said['modes']);
  if (!isSameGrant || !externalId || Number.isNaN(expiresAt) || !modes) return undefined;
  const concurrency = Number(objectOf(said['limits'])['concurrency']);
  const async = asyncTerms(objectOf(said['async']));
  return {
    grantId,
    roleArn,
    endpoint,
    offerUrl,
    externalId,
    expiresAt: new Date(expiresAt).toISOString(),
    modes,
    // Only a check needs the targets, and it reads the offer itself.
    ...(targets && { targets }),
    ...(async && { async }),
    ...(concurrency >= 1 && concurrency <= 1000 && { limits: { concurrency: Math.floor(concurrency) } }),
    ...(said['recordCaller'] === true && { recordCaller: true }),
  };
}

type Said = ReturnType<typeof objectOf>;

function textOf(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}

function modesOf(value: unknown): readonly Mode[] | undefined {
  const modes: unknown[] = Array.isArray(value) ? value : [];
  const known = (['sync', 'stream', 'async'] as const).filter((mode) => modes.includes(mode));
  return known.length > 0 && known.length === modes.length ? known : undefined;
}

/** As in the contract's schema; what goes into a header above all must hold nothing else. */
const prefix = /^s3:\/\/[a-z0-9.-]{3,63}\/[\w!.*'()/-]{1,900}\/$/;

function asyncTerms(said: Said): SubscriptionRecord['async'] {
  const inputPrefix = textOf(said['inputPrefix'], prefix);
  const outputPrefix = textOf(said['outputPrefix'], prefix);
  const failurePrefix = textOf(said['failurePrefix'], prefix);
  const outputPathExtension = textOf(said['outputPathExtension'], /^(?!s3:|https:)[\w!.*'()/-]{1,512}$/);
  return inputPrefix && outputPrefix && outputPathExtension
    ? { inputPrefix, outputPrefix, outputPathExtension, ...(failurePrefix && { failurePrefix }) }
    : undefined;
}
