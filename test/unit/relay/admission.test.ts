import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRelay } from '../../../lib/relay/relay.ts';
import { readRequest } from '../../../lib/relay/request.ts';
import { anOffer, grantId, type Lab, openLab } from '../../support/relay-lab.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

const message = (body: Buffer) => JSON.parse(body.toString()).Message as string;

describe('who gets through', () => {
  it('says that an unknown alias is missing, as SageMaker says it of an endpoint', async () => {
    const answer = await lab.send({ alias: 'nobody' });
    expect(answer.status).toBe(400);
    expect(answer.headers['x-amzn-errortype']).toBe('ValidationError');
    expect(message(answer.body)).toMatch(/^Endpoint nobody not found/);
    expect(lab.lines[0]).not.toHaveProperty('alias');
  });

  it('works at once after an alias was accepted that was missing before', async () => {
    await lab.send();
    await lab.subscribe();
    expect((await lab.send()).status).toBe(200);
  });

  it('stops using a removed alias within five seconds', async () => {
    await lab.subscribe();
    await lab.send();
    await lab.remove('iris');
    lab.advance(5_000);
    expect((await lab.send()).status).toBe(400);
  });

  it('refuses an expired grant in plain words that name it', async () => {
    await lab.subscribe({ expiresAt: new Date(lab.now() - 1).toISOString() });
    const answer = await lab.send();
    expect(answer.status).toBe(403);
    expect(answer.headers['x-amzn-errortype']).toBe('AccessDeniedException');
    expect(message(answer.body)).toMatch(new RegExp(`Grant ${grantId} expired at .* Ask the parent`));
    expect(lab.aws.received.sagemaker).toHaveLength(0);
  });

  it('learns that the parent has extended the grant before it refuses', async () => {
    await lab.subscribe({ expiresAt: new Date(lab.now() - 1).toISOString() });
    lab.aws.respond['execute-api'] = (_received, response) => void response.end(JSON.stringify(anOffer(lab)));
    expect((await lab.send()).status).toBe(200);
    expect((await lab.stored('iris'))?.expiresAt).toBe('2099-01-01T00:00:00.000Z');
  });

  it('refuses a mode that the grant does not have, and names those it has', async () => {
    await lab.subscribe({ modes: ['sync'] });
    const answer = await lab.send({ resource: '/endpoints/{alias}/invocations-response-stream' });
    expect(answer.status).toBe(403);
    expect(message(answer.body)).toContain('allows sync, not stream');
  });

  it('never follows an offer that names another role, grant or endpoint', async () => {
    await lab.subscribe({ modes: ['sync'] });
    const other = 'arn:aws:iam::999999999999:role/sharemaker/222222222222/sharemaker-x';
    for (const change of [
      { roleArn: other },
      { grantId: 'grt_other' },
      { endpoint: { name: 'Other', region: 'us-east-1' } },
    ]) {
      lab.aws.respond['execute-api'] = (_received, response) =>
        void response.end(JSON.stringify(anOffer(lab, change)));
      lab.advance(11_000);
      expect((await lab.send({ resource: '/endpoints/{alias}/invocations-response-stream' })).status).toBe(
        403,
      );
    }
    expect(lab.aws.received['execute-api']).toHaveLength(3);
    expect(await lab.stored('iris')).toMatchObject({ version: 1, modes: ['sync'] });
  });

  it('goes on with what it knows while the table is away', async () => {
    await lab.subscribe();
    await lab.send();
    lab.aws.respond.sagemaker = (_received, response) => void response.end('fine');
    await lab.breakTable();
    lab.advance(60_000);
    expect((await lab.send()).body.toString()).toBe('fine');
    lab.advance(600_000);
    expect((await lab.send()).status).toBe(503);
  });

  it('names the two ways out of a body that is too large', async () => {
    await lab.subscribe();
    const answer = await lab.send({ body: Buffer.alloc(4_500_001) });
    expect(answer.status).toBe(413);
    expect(message(answer.body)).toMatch(/async-uploads.*credential-process/);
    expect((await lab.send({ body: Buffer.alloc(4_500_000) })).status).toBe(200);
  });

  it.each([null, undefined, 5, true, 'text', [], [null], {}])(
    'refuses %j in the place of an event, and says that nothing was sent or what is missing',
    async (event) => {
      const departure = { isGone: false, onGone: undefined };
      const more = { now: lab.now(), remainingMs: 60_000, departure };
      const answer = await createRelay(lab.surroundings)(() => readRequest(event as never, more));
      await answer.finish();
      expect([400, 404]).toContain(answer.status);
      expect(String(answer.body)).toMatch(/nothing was sent to the model|no such route/);
      expect(lab.lines.at(-1)).toMatchObject({ mode: 'unknown', outcome: 'refused', Attempts: 0 });
    },
  );

  it('refuses a request without a signature, and a route it does not have', async () => {
    expect((await lab.send({ event: { requestContext: {} as never } })).status).toBe(403);
    expect((await lab.send({ resource: '/other' })).status).toBe(404);
  });
});
