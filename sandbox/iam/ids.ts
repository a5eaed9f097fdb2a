import { randomBytes } from 'node:crypto';

/**
 * Identifiers as IAM and STS make them (IAM User Guide, "IAM identifiers", "Understanding unique ID prefixes"):
 * a prefix, then upper-case base32. Keys are 20 characters long, ids of entities 21.
 */
export const ids = {
  role: () => `AROA${base32(17)}`,
  user: () => `AIDA${base32(17)}`,
  group: () => `AGPA${base32(17)}`,
  policy: () => `ANPA${base32(17)}`,
  accessKey: () => `AKIA${base32(16)}`,
  sessionKey: () => `ASIA${base32(16)}`,
  /** 40 characters. */
  secret: () => randomBytes(30).toString('base64'),
  /** Opaque, and of a length that surprises who thought it short. */
  sessionToken: () => `IQoJb3JpZ2luX2Vj${randomBytes(258).toString('base64')}`,
};

function base32(length: number): string {
  return Array.from(randomBytes(length), (byte) => alphabet[byte % 32]).join('');
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
