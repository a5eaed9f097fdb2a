import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRelay } from '../../../lib/relay/relay.ts';
import { readRequest } from '../../../lib/relay/request.ts';
import { createSessions } from '../../../lib/relay/session.ts';
import { anEvent, anOffer, grantId, type Lab, openLab } from '../../support/relay-lab.ts';
import { giveSession, refuse, refuseSession } from '../../support/stub-aws.ts';

const minute = 60_000;
const hour = 60 * minute;

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

const formOf = (index: number) => new URLSearchParams(lab.aws.received.sts[index]?.body.toString());
/** The session's keys by the time of asking, and only for this external id. */
const admitOnly = (externalId: () => string) => {
  lab.aws.respond.sts = ({ body }, response, count) => {
    const asked = new URLSearchParams(body.toString()).get('ExternalId');
    if (asked === externalId()) giveSession(response, lab.now(), `N${count}`);
    else refuseSession(response);
  };
};

describe('sessions of the share role', () => {
  it('takes exactly one for a thousand first requests at once', async () => {
    await lab.subscribe();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => lab.send()));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(lab.aws.received.sts).toHaveLength(1);
  });

  it('carries the grant in the session name, the external id, and an hour at most', async () => {
    await lab.subscribe();
    await lab.send();
    expect(Object.fromEntries(formOf(0))).toMatchObject({
      Action: 'AssumeRole',
      RoleSessionName: grantId,
      ExternalId: 'external-id-one',
    });
    // More than STS's own hour is not to be had on a role's session, and less would only cost calls.
    expect(formOf(0).has('DurationSeconds')).toBe(false);
    expect(formOf(0).has('SourceIdentity')).toBe(false);
  });

  it('passes on who called, and keeps callers apart, when the grant asks for it', async () => {
    await lab.subscribe({ recordCaller: true });
    const as = (userArn: string) =>
      lab.send({ event: { requestContext: { identity: { userArn } } as never } });
    await as('arn:aws:sts::222222222222:assumed-role/scoring/alice');
    await as('arn:aws:sts::222222222222:assumed-role/scoring/alice');
    await as('arn:aws:iam::222222222222:user/team/bob');
    expect(lab.aws.received.sts).toHaveLength(2);
    expect([0, 1].map((index) => formOf(index).get('SourceIdentity'))).toEqual(['alice@scoring', 'bob']);
  });

  it('takes at most two an hour, and never lets a request wait for the second', async () => {
    await lab.subscribe();
    admitOnly(() => 'external-id-one');
    for (let passed = 0; passed < 6 * hour; passed += 2 * minute) {
      expect((await lab.send()).status).toBe(200);
      lab.advance(2 * minute);
    }
    expect(lab.aws.received.sts.length).toBeLessThanOrEqual(12);
    expect(lab.aws.received.sts.length).toBeGreaterThan(6);
  });

  it('costs no request while STS is away for ten minutes at the worst moment', async () => {
    await lab.subscribe();
    await lab.send();
    lab.advance(46 * minute);
    lab.aws.respond.sts = (_received, response) => void response.socket?.destroy();
    for (let passed = 0; passed < 10 * minute; passed += minute) {
      expect((await lab.send()).status).toBe(200);
      lab.advance(minute);
    }
    lab.aws.respond.sts = (_received, response) => giveSession(response, lab.now(), 'TWO');
    lab.advance(30_000);
    await lab.send();
    const keyOfNext = async () => {
      await lab.send();
      return keyOfLast();
    };
    await expect.poll(keyOfNext).toBe('ASIATWO');
    lab.advance(10 * minute);
    expect((await lab.send()).status).toBe(200);
  });

  it('says that the model did not run when STS is away and no session is left', async () => {
    await lab.subscribe();
    lab.aws.respond.sts = (_received, response) => refuseSession(response, 'InternalFailure', 500);
    const answer = await lab.send();
    expect(answer.status).toBe(503);
    expect(answer.headers['x-amzn-errortype']).toBe('ServiceUnavailable');
    expect(answer.body.toString()).toContain('nothing was sent to the model');
    expect(lab.aws.received.sagemaker).toHaveLength(0);
  });

  it('picks up a rotated external id without a failed request, and stores it', async () => {
    await lab.subscribe();
    let current = 'external-id-one';
    admitOnly(() => current);
    lab.aws.respond['execute-api'] = (_received, response) =>
      void response.end(JSON.stringify(anOffer(lab, { externalId: current })));
    expect((await lab.send()).status).toBe(200);
    current = 'external-id-two';
    for (let passed = 0; passed < 2 * hour; passed += 5 * minute) {
      lab.advance(5 * minute);
      expect((await lab.send()).status).toBe(200);
    }
    expect(await lab.stored('iris')).toMatchObject({ externalId: 'external-id-two', version: 2 });
    lab.coldStart();
    expect((await lab.send()).status).toBe(200);
    expect(lab.aws.received['execute-api'].length).toBe(1);
  });

  it('takes a new session and tries once more when SageMaker says that the old one has expired', async () => {
    await lab.subscribe();
    admitOnly(() => 'external-id-one');
    lab.aws.respond.sagemaker = ({ headers }, response) => {
      if (headers.authorization?.includes('ASIAN1')) refuse(response, 'ExpiredTokenException', 403);
      else response.end('fine');
    };
    const answer = await lab.send();
    expect(answer.body.toString()).toBe('fine');
    expect(answer.headers['x-sharemaker-attempts']).toBe('2');
    expect(lab.aws.received.sts).toHaveLength(2);
  });

  it('passes a lasting refusal on in AWS’s words and spares STS meanwhile', async () => {
    await lab.subscribe();
    lab.aws.respond.sagemaker = (_received, response) =>
      refuse(response, 'AccessDeniedException', 403, { Message: 'User: x is not authorized' });
    for (let request = 0; request < 20; request += 1) {
      const answer = await lab.send();
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body.toString())).toEqual({ Message: 'User: x is not authorized' });
    }
    expect(lab.aws.received.sts.length).toBeLessThanOrEqual(2);
    expect(lab.aws.received['execute-api'].length).toBeLessThanOrEqual(2);
  });

  /** How often STS was asked when somebody invokes every second for an hour. */
  const askedInAnHour = async () => {
    const times: number[] = [];
    const answer = lab.aws.respond.sts;
    const startedAt = lab.now();
    lab.aws.respond.sts = (received, response, count) => {
      times.push(Math.round((lab.now() - startedAt) / 1000));
      return answer(received, response, count);
    };
    for (let second = 0; second < 3_600; second += 1) {
      expect((await lab.send()).status).toBe(403);
      lab.advance(1_000);
    }
    return times;
  };

  it('asks ever more rarely for a share role that refuses: after 2 s, 4 s and so on, up to a minute', async () => {
    await lab.subscribe();
    lab.aws.respond.sts = (_received, response) => refuseSession(response);
    const times = await askedInAnHour();
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses.slice(0, 5).map((pause) => Math.round(Math.log2(pause)))).toEqual([1, 2, 3, 4, 5]);
    expect(pauses.slice(5).every((pause) => pause >= 59 && pause <= 61)).toBe(true);
    expect(times.length).toBeLessThan(70);
  }, 120_000);

  it('asks at once when the grant has new terms', async () => {
    await lab.subscribe();
    admitOnly(() => 'external-id-two');
    for (let second = 0; second < 70; second += 1) {
      expect((await lab.send()).status).toBe(403);
      lab.advance(1_000);
    }
    const asked = lab.aws.received.sts.length;
    await lab.subscribe({ externalId: 'external-id-two', version: 2 });
    lab.advance(6_000);
    expect((await lab.send()).status).toBe(200);
    expect(lab.aws.received.sts.length).toBe(asked + 1);
  });

  it('takes at most two sessions an hour where STS admits and SageMaker refuses', async () => {
    await lab.subscribe();
    lab.aws.respond.sagemaker = (_received, response) => refuse(response, 'AccessDeniedException', 403);
    const times: number[] = [];
    lab.aws.respond.sts = (_received, response) => {
      times.push(lab.now());
      giveSession(response, lab.now());
    };
    for (let passed = 0; passed < 5 * hour; passed += minute / 2) {
      expect((await lab.send()).status).toBe(403);
      lab.advance(minute / 2);
    }
    expect(times.length).toBeGreaterThan(5);
    // A session is replaced half a minute before it ends.
    for (const [index, time] of times.entries())
      expect((times[index + 2] ?? Number.POSITIVE_INFINITY) - time).toBeGreaterThanOrEqual(hour - minute / 2);
  });

  it('gives a renewal in the background a moment before Lambda may freeze it', async () => {
    await lab.subscribe();
    let giveAtOnce = true;
    let renew = () => {};
    lab.aws.respond.sts = (_received, response) => {
      if (giveAtOnce) giveSession(response, lab.now());
      else renew = () => giveSession(response, lab.now(), 'TWO');
    };
    const waits: number[] = [];
    const invoke = createRelay({
      ...lab.surroundings,
      wait: (ms) => {
        waits.push(ms);
        return new Promise(() => undefined);
      },
    });
    const departure = { isGone: false, onGone: undefined };
    const send = () =>
      invoke(() => readRequest(anEvent(), { now: lab.now(), remainingMs: 60_000, departure }));
    await (await send()).finish();
    giveAtOnce = false;
    lab.advance(50 * minute);
    const answer = await send();
    let isOver = false;
    const finished = answer.finish().then(() => {
      isOver = true;
    });
    await expect.poll(() => waits).toEqual([300]);
    expect([answer.status, isOver]).toEqual([200, false]);
    renew();
    await finished;
    await (await send()).finish();
    expect(keyOfLast()).toBe('ASIATWO');
    expect(waits).toEqual([300]);
  });

  it('names the grant, not the external id, when the share role refuses', async () => {
    await lab.subscribe();
    lab.aws.respond.sts = (_received, response) => refuseSession(response);
    const answer = await lab.send();
    expect(answer.status).toBe(403);
    expect(answer.headers['x-amzn-errortype']).toBe('AccessDeniedException');
    expect(answer.body.toString()).toContain(grantId);
    expect(answer.body.toString()).not.toContain('external-id');
    expect(JSON.stringify(lab.lines)).not.toContain('external-id');
  });
});

describe('sessions of very many callers', () => {
  const taken: string[] = [];
  const sessions = () =>
    createSessions<string>({
      assume: async (caller) => {
        taken.push(caller);
        return { accessKeyId: caller, secretAccessKey: '', sessionToken: '', expiresAt: hour };
      },
      nameOf: (caller) => caller,
      termsOf: () => 1,
      now: () => 0,
    });
  beforeEach(() => {
    taken.length = 0;
  });

  it('are kept for 2,000 of them, and taken once for each', async () => {
    const { get } = sessions();
    for (let call = 0; call < 3 * 2_000; call += 1) await get(`caller-${call % 2_000}`);
    expect(taken).toHaveLength(2_000);
  });

  it('are forgotten by whoever did not call for the longest', async () => {
    const { get } = sessions();
    for (let caller = 0; caller < 10_000; caller += 1) {
      await get('who calls always');
      await get(`caller-${caller}`);
    }
    expect(taken).toHaveLength(10_001);
    await get('caller-9999');
    await get(`caller-${10_000 - 1_999}`);
    expect(taken).toHaveLength(10_001);
    await get('caller-0');
    expect(taken).toHaveLength(10_002);
  });
});

function keyOfLast(): string | undefined {
  const { authorization } = lab.aws.received.sagemaker.at(-1)?.headers ?? {};
  return /Credential=([^/]+)/.exec(authorization ?? '')?.[1];
}
