/** What the APIs answer, as far as the tour reads it; and the end of the story when an answer is not what it should be. */

import type { Place, Player } from './cast.ts';

/** A step did not go as the story says. */
export class StoryBroken extends Error {
  override readonly name = 'StoryBroken';
}

export interface Grant {
  readonly id: string;
  readonly status: string;
  readonly externalId: string;
  readonly expiresAt: string;
  readonly role: { readonly arn: string };
  readonly probes: readonly { readonly probe: string; readonly observed: string; readonly at: string }[];
  readonly receipt?: Receipt;
}

export interface Receipt {
  readonly askedAt: string;
  readonly sessionDeniedAt?: string;
  readonly freshDeniedAt?: string;
  readonly roleRemovedAt?: string;
  readonly seconds: number;
}

export interface Audit {
  readonly counts: { readonly rolesRead: number; readonly iamCalls: number; readonly seconds: number };
  readonly findings: readonly {
    readonly code: string;
    readonly subject: string;
    readonly evidence: readonly string[];
    readonly repair?: string;
  }[];
}

export async function control(place: Place, path: string, body: unknown = {}): Promise<void> {
  const response = await fetch(`${place.controlUrl}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  if (!response.ok)
    throw new StoryBroken(`The sandbox answered ${response.status} to ${path}: ${await response.text()}`);
}

export async function json(
  answer: ReturnType<Player['call']>,
  ...expected: number[]
): Promise<Readonly<Record<string, unknown>>> {
  const { status, text } = await answer;
  if (!expected.includes(status))
    throw new StoryBroken(
      `An answer was ${status} instead of ${expected.join(' or ')}: ${text.slice(0, 300)}`,
    );
  return JSON.parse(text);
}

export function hold<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new StoryBroken(`Here ${otherwise}.`);
  return value;
}

export function roleName({ role }: Grant): string {
  return role.arn.slice(role.arn.lastIndexOf('/') + 1);
}

/** External ids are no secret to the parent, but a terminal is no place for them. */
export function hideIds<T>(document: T, { externalId }: Grant): T {
  return JSON.parse(JSON.stringify(document).replaceAll(externalId, `${externalId.slice(0, 4)}…`));
}

export function receiptLines(receipt: Receipt): string {
  const rows: [string, string | undefined][] = [
    ['asked', receipt.askedAt],
    ['old session denied', receipt.sessionDeniedAt],
    ['fresh AssumeRole denied', receipt.freshDeniedAt],
    ['role removed', receipt.roleRemovedAt],
  ];
  return rows.map(([what, at]) => `${what.padEnd(24)} ${at?.slice(11, 23) ?? 'not observed'}`).join('\n');
}
