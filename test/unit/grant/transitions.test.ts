import { describe, expect, it } from 'vitest';
import type { GrantStatus } from '../../../lib/contract/grant.ts';
import { grantStatus } from '../../../lib/contract/grant.ts';
import { Problem } from '../../../lib/contract/problems.ts';
import { type GrantRecord, historyEntriesMax } from '../../../lib/grant/grant.ts';
import {
  ask,
  askRepair,
  askRotation,
  askUpdate,
  expire,
  giveUp,
  moves,
  type Request,
  remember,
  retirePrevious,
  statusOfGoal,
  verdicts,
} from '../../../lib/grant/transitions.ts';
import { aGrant, now, proberRoleArn } from '../../support/a-grant.ts';

const asked = { by: 'arn:aws:iam::111111111111:user/admin', now };
const around = {
  proberRoleArn,
  asyncBucket: 'sharemaker-async',
  endpoint: { ...aGrant().endpoint, status: 'InService' },
};
const at = new Date(now).toISOString();

const requests: Readonly<Record<Request, (record: GrantRecord) => GrantRecord>> = {
  update: (record) => askUpdate(record, { note: 'x' }, asked, around),
  suspend: (record) => ask(record, 'suspend', asked),
  resume: (record) => ask(record, 'resume', asked),
  rotate: (record) => askRotation(record, 60, 'external-id-next', asked),
  revoke: (record) => ask(record, 'revoke', asked),
};

/** A grant in each state, settled but for those that are on their way. */
const inStatus: Readonly<Record<GrantStatus, GrantRecord>> = {
  provisioning: aGrant({ status: 'provisioning', provenGeneration: 0 }),
  active: aGrant(),
  suspended: aGrant({ status: 'suspended', goal: 'suspended', isDenied: true }),
  revoking: aGrant({ status: 'revoking', goal: 'revoked', provenGeneration: 0 }),
  revoked: aGrant({ status: 'revoked', goal: 'revoked' }),
  expired: aGrant({ status: 'expired', goal: 'expired' }),
  failed: aGrant({ status: 'failed', goal: 'failed' }),
};

const everyRequest = Object.keys(requests) as Request[];
const everyStatus = grantStatus.options;
const pairs = everyRequest.flatMap((request) => everyStatus.map((status) => [request, status] as const));

describe('every request in every state', () => {
  it.each(pairs)('%s of a grant that is %s', (request, status) => {
    const verdict = verdicts[request][status];
    const before = inStatus[status];
    if (verdict === 'accept') {
      const after = requests[request](before);
      const isThere =
        (request === 'suspend' && status === 'suspended') || (request === 'resume' && status === 'active');
      if (isThere) expect(after).toBe(before);
      else expect(after.events).toBe(before.events + 1);
    } else if (verdict === 'already') expect(requests[request](before)).toBe(before);
    else {
      const refusal = thrownBy(() => requests[request](before));
      expect(refusal.code).toBe(verdict);
      expect(refusal.detail).toContain(`${before.id} is ${status}`);
    }
  });

  it.each(everyRequest.filter((request) => request !== 'revoke'))(
    '%s comes too late at the very millisecond of the date',
    (request) => {
      const onTime = aGrant({ expiresAt: new Date(now + 1).toISOString() });
      if (request !== 'rotate') expect(() => requests[request](onTime)).not.toThrow();
      expect(thrownBy(() => requests[request](aGrant({ expiresAt: at }))).code).toBe('grant.ended');
    },
  );

  it('takes a revoke after the date, for what is not written down yet', () => {
    expect(requests.revoke(aGrant({ expiresAt: at })).status).toBe('revoking');
  });
});

describe('the moves', () => {
  const has = (from: GrantStatus | 'none', to: GrantStatus) =>
    moves.some((move) => move.from === from && move.to === to);

  it('hold every change of state that a request makes at once', () => {
    for (const [request, status] of pairs) {
      if (verdicts[request][status] !== 'accept') continue;
      const after = requests[request](inStatus[status]);
      if (after.status !== status)
        expect(has(status, after.status), `${status} → ${after.status}`).toBe(true);
    }
  });

  it('hold every state in which the way to a goal can end', () => {
    for (const [request, status] of pairs) {
      if (verdicts[request][status] !== 'accept') continue;
      const { status: under, goal } = requests[request](inStatus[status]);
      const end = statusOfGoal[goal];
      if (end !== under) expect(has(under, end), `${under} → ${end}`).toBe(true);
    }
    for (const status of ['provisioning', 'active', 'suspended'] as const) {
      expect(has(status, expire(inStatus[status], now).status)).toBe(true);
    }
    expect(has('revoking', 'expired')).toBe(true);
    expect(has('provisioning', statusOfGoal.failed)).toBe(true);
  });

  it('lead into every state and out of every one that is no end', () => {
    for (const status of everyStatus) {
      expect(
        moves.some(({ to }) => to === status),
        `into ${status}`,
      ).toBe(true);
      const isEnd = ['revoked', 'expired', 'failed'].includes(status);
      expect(
        moves.some(({ from }) => from === status),
        `out of ${status}`,
      ).toBe(!isEnd);
    }
  });
});

describe('suspend', () => {
  it('notes the deny before it is put, so that a crash cannot leave one that nobody lifts', () => {
    expect(requests.suspend(aGrant())).toMatchObject({ status: 'active', goal: 'suspended', isDenied: true });
  });

  it('is taken back by a resume that comes before it was done, with the deny still to be lifted', () => {
    const back = ask(requests.suspend(aGrant()), 'resume', asked);
    expect(back).toMatchObject({ goal: 'active', isDenied: true, generation: 3 });
  });
});

describe('revoke', () => {
  it('remembers when it was asked for', () => {
    expect(requests.revoke(aGrant()).closing).toEqual({ askedAt: at });
  });

  it('leaves alone what could not be provisioned and is being taken away', () => {
    const failing = giveUp(inStatus.provisioning, { code: 'role.name_taken', detail: 'taken' }, now);
    expect(requests.revoke(failing)).toBe(failing);
  });
});

describe('update', () => {
  it('changes what is named, removes what is null, keeps the rest', () => {
    const before = aGrant({ note: 'old', conditions: { sourceIps: ['10.0.0.0/8'] } });
    const after = askUpdate(before, { modes: ['stream'], conditions: null }, asked, around);
    expect(after).toMatchObject({
      modes: ['stream'],
      note: 'old',
      generation: 2,
      pending: { operation: 'update' },
    });
    expect(after).not.toHaveProperty('conditions');
    expect(after.warnings.map(({ code }) => code)).toEqual(['stream.implies_sync']);
  });

  it('changes a note without touching IAM', () => {
    const after = askUpdate(aGrant(), { note: 'new' }, asked, around);
    expect(after).toMatchObject({ note: 'new', generation: 1, provenGeneration: 1 });
    expect(after.history.at(-1)).toMatchObject({ event: 'grant.noted' });
  });

  it('takes the grace period of a rotation along when it shortens the grant', () => {
    const previous = { value: 'external-id-old', validUntil: '2027-01-11T00:00:00.000Z' };
    const before = aGrant({ externalIds: { current: 'external-id-current', previous } });
    const expiresAt = '2027-01-10T12:00:00.000Z';
    const after = askUpdate(before, { expiresAt }, asked, around);
    expect(after.externalIds.previous).toEqual({ ...previous, validUntil: expiresAt });
  });
});

describe('rotate', () => {
  it('does not offer the new external id before it is proven', () => {
    const after = requests.rotate(aGrant());
    expect(after.externalIds).toEqual({
      current: 'external-id-current',
      next: { value: 'external-id-next', graceSeconds: 60 },
    });
  });

  it('is one rotation however often it is asked for, before and after the new external id is proven', () => {
    const once = requests.rotate(aGrant());
    expect(askRotation(once, 60, 'another', asked)).toBe(once);
    expect(askRotation(once, 3600, 'another', asked)).toBe(once);
    const proven = rotatedButNotSettled(3600);
    expect(askRotation(proven, 3600, 'another', asked)).toBe(proven);
    expect(askRotation(proven, 86_400, 'another', asked)).toBe(proven);
    const retiring = {
      ...proven,
      externalIds: { current: 'external-id-next', retired: ['external-id-old'] },
    };
    expect(askRotation(retiring, 0, 'another', asked)).toBe(retiring);
  });

  it('takes a shorter grace period that is asked for while it is under way', () => {
    const once = requests.rotate(aGrant());
    expect(askRotation(once, 0, 'another', asked)).toMatchObject({
      externalIds: { current: 'external-id-current', next: { value: 'external-id-next', graceSeconds: 0 } },
      generation: once.generation,
    });
    const proven = rotatedButNotSettled(3600);
    const shorter = askRotation(proven, 60, 'another', asked);
    expect(shorter.externalIds).toEqual({
      current: 'external-id-next',
      previous: { value: 'external-id-old', validUntil: new Date(now + 60_000).toISOString() },
    });
    const retired = ['external-id-older'];
    const withRetired = { ...proven, externalIds: { ...proven.externalIds, retired } };
    expect(askRotation(withRetired, 60, 'another', asked).externalIds).toEqual({
      ...shorter.externalIds,
      retired,
    });
    const none = askRotation(proven, 0, 'another', asked);
    expect(none.externalIds).toEqual({ current: 'external-id-next', retired: ['external-id-old'] });
    expect(none.generation).toBe(proven.generation + 1);
  });

  it('is another rotation once the last one is settled', () => {
    const settled = aGrant({ externalIds: rotatedButNotSettled(3600).externalIds });
    expect(askRotation(settled, 3600, 'another', asked).externalIds.next?.value).toBe('another');
  });

  it('retires the old external id when its grace period is over', () => {
    const previous = { value: 'external-id-old', validUntil: at };
    const after = retirePrevious(aGrant({ externalIds: { current: 'external-id-current', previous } }), now);
    expect(after.externalIds).toEqual({ current: 'external-id-current', retired: ['external-id-old'] });
    expect(after.generation).toBe(2);
  });
});

/** The new external id is offered; the trust that gives the old one its date is not proven yet. */
function rotatedButNotSettled(graceSeconds: number) {
  const validUntil = new Date(now + graceSeconds * 1000 - 500).toISOString();
  return aGrant({
    generation: 3,
    provenGeneration: 2,
    pending: { operation: 'rotate', since: at, by: asked.by },
    externalIds: { current: 'external-id-next', previous: { value: 'external-id-old', validUntil } },
  });
}

it('looks at the role afresh for a repair', () => {
  expect(askRepair(aGrant(), asked).role).not.toHaveProperty('id');
});

it('remembers the first entry and the latest, no more than fit', () => {
  let record = aGrant();
  for (let index = 0; index < 200; index++)
    record = remember(record, { at: now, by: 'me', event: 'grant.noted', detail: String(index) });
  expect(record.history).toHaveLength(historyEntriesMax);
  expect(record.history[0]?.event).toBe('grant.created');
  expect(record.history.at(-1)?.detail).toBe('199');
  expect(record.events).toBe(201);
});

function thrownBy(act: () => unknown): Problem {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}
