import { createHash, randomBytes } from 'node:crypto';
import { decodeTime, ulid } from 'ulid';

/** Prefix and a lower-case ULID (its first 10 characters are the time in milliseconds). */
export function newId(prefix: 'grt' | 'aud', now: number): string {
  return `${prefix}_${ulid(now).toLowerCase()}`;
}

/** Epoch milliseconds at which newId made it. */
export function timeOfId(id: string): number {
  return decodeTime(id.slice(id.indexOf('_') + 1).toUpperCase());
}

/** The same caller and key always name the same grant, so a retried create finds its own work. */
export function grantIdOf(principal: string, idempotencyKey: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([principal, idempotencyKey]))
    .digest();
  return `grt_${crockford(hash).slice(0, 26)}`;
}

/** 192 random bits in characters that STS allows in an external id. */
export function newExternalId(): string {
  return randomBytes(24).toString('base64url');
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

function crockford(bytes: Buffer): string {
  const bits = BigInt(`0x${bytes.toString('hex')}`);
  return Array.from(
    { length: 51 },
    (_, digit) => alphabet[Number((bits >> BigInt(251 - 5 * digit)) & 31n)],
  ).join('');
}
