/**
 * Malformed anything gets a 4xx in SageMaker's shape, never a 5xx, never a hang. What the relay lets through in spite of all
 * reaches SageMaker as it was sent, and nothing else does.
 */

import { createHash } from 'node:crypto';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { grantId, type Lab, type LabAnswer, openLab } from '../../support/relay-lab.ts';
import { seededRandom, seedFromEnvironment } from '../../support/seeded-random.ts';
import type { Received } from '../../support/stub-aws.ts';
import { type Event, headersOf, type Kind, kinds } from './malformed-kinds.ts';

const seed = seedFromEnvironment();
const cases = Number(process.env['FUZZ_CASES'] ?? 20_000);
/** By the relay's own clock, which its pauses move. */
const remainingMs = 60_000;
/** By the clock on the wall, beyond which nothing is still about to come. */
const hangsAfterMs = 30_000;
const prefix = `s3://parent-bucket/grants/${grantId}`;

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
  await lab.subscribe({
    async: {
      inputPrefix: `${prefix}/in/`,
      outputPrefix: `${prefix}/out/`,
      outputPathExtension: `grants/${grantId}/out`,
    },
  });
  lab.aws.respond.sagemaker = ({ path }, response) => {
    if (path.endsWith('/invocations')) response.writeHead(200).end('prediction');
    else if (path.endsWith('/async-invocations')) response.writeHead(202).end('{"InferenceId":"id"}');
    else response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' }).end(frame);
  };
});
afterAll(() => lab.close());

it('there are hundreds of kinds of malformed requests, on every route', () => {
  expect(new Set(kinds.map(({ name }) => name)).size).toBe(kinds.length);
  expect(kinds.length).toBeGreaterThanOrEqual(400);
  expect(kinds.filter(({ isHarmless }) => !isHarmless).length).toBeGreaterThanOrEqual(200);
});

it(`answers ${cases} malformed requests of ${kinds.length} kinds with 4xx, or as they were sent, seed ${seed}`, async () => {
  const random = seededRandom(seed);
  const wrong = new Map<string, string>();
  const seen = new Set<string>();
  const answered = { refused: 0, passed: 0 };
  for (let index = 0; index < Math.max(cases, kinds.length); index += 1) {
    const kind = kinds[index % kinds.length] as Kind;
    const event = kind.make(random);
    seen.add(kind.name);
    try {
      answered[await judge(kind, event)] += 1;
    } catch (error) {
      wrong.set(`${kind.name}, case ${index} of SEED=${seed}`, (error as Error).message.slice(0, 500));
      if (wrong.size > 20) break;
    }
  }
  expect([...wrong]).toEqual([]);
  expect(seen.size).toBe(kinds.length);
  // Neither is the whole of it.
  expect(answered.refused).toBeGreaterThan(cases / 3);
  expect(answered.passed).toBeGreaterThan(cases / 5);
}, 600_000);

async function judge(kind: Kind, event: Event): Promise<'refused' | 'passed'> {
  const { sagemaker } = lab.aws.received;
  sagemaker.length = 0;
  const startedAt = lab.now();
  const answer = await beforeItHangs(
    lab.send({ event: event as Partial<APIGatewayProxyEvent>, remainingMs }),
  );
  expect(lab.now() - startedAt).toBeLessThanOrEqual(remainingMs);
  expect(Object.keys(answer.headers)).not.toContain('x-injected');
  if (answer.status >= 200 && answer.status < 300) {
    expect(kind.isHarmless, `answered ${answer.status}`).toBe(true);
    expectPassedOn(kind, event, sagemaker);
    return 'passed';
  }
  expectRefusal(answer);
  expect(sagemaker.length).toBe(0);
  return 'refused';
}

function expectRefusal({ status, headers, body }: LabAnswer): void {
  expect(status, body.toString('utf8', 0, 200)).toBeGreaterThanOrEqual(400);
  expect(status, body.toString('utf8', 0, 200)).toBeLessThan(500);
  expect(headers['content-type']).toBe('application/json');
  expect(headers['x-amzn-errortype']).toMatch(/^[A-Z]\w+$/);
  expect(JSON.parse(body.toString())).toEqual({ Message: expect.stringMatching(/./) });
}

/** The very bytes, every header that SageMaker reads in this mode as it was, and none that the caller has no business with. */
function expectPassedOn({ route }: Kind, event: Event, received: readonly Received[]): void {
  if (route === 'asyncUpload' || route === 'asyncResult') {
    expect(received.length).toBe(0);
    return;
  }
  expect(received.length).toBe(1);
  const [{ headers, body } = expect.unreachable()] = received;
  expect(digest(body)).toBe(digest(bodyOf(event)));
  const sent = new Map(
    Object.entries((event.multiValueHeaders ?? event.headers ?? {}) as Record<string, string | string[]>).map(
      ([name, value]) => [name.toLowerCase(), [value].flat()[0]],
    ),
  );
  for (const name of headersOf[route]) {
    // RFC 9110 §5.5: blanks around a value are not part of it.
    const expected = sent.get(name)?.replace(/^[\t ]+|[\t ]+$/g, '');
    const isAdded = name === 'x-amzn-sagemaker-s3outputpathextension' && expected === undefined;
    expect(headers[name], name).toBe(isAdded ? `grants/${grantId}/out` : expected);
  }
  const strange = Object.keys(headers).filter(
    (name) => !(headersOf[route] as readonly string[]).includes(name) && !ofTheRelay.has(name),
  );
  expect(strange).toEqual([]);
  expect(headers['content-length'] ?? '0').toBe(String(body.length));
  expect(headers.host).toBe(new URL(lab.aws.url).host);
  expect(headers['x-amz-security-token']).toBe('token-ONE');
  expect(headers.authorization).toContain('Credential=ASIAONE/');
}

/** What the relay itself says to SageMaker. */
const ofTheRelay = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
]);

function bodyOf({ body, isBase64Encoded }: Event): Buffer {
  return Buffer.from((body ?? '') as string, isBase64Encoded ? 'base64' : 'utf8');
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function beforeItHangs<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('It hangs.')), hangsAfterMs);
  });
  return Promise.race([answer, hangs]).finally(() => clearTimeout(timer));
}

/** A PayloadPart "hi", as AWS's codec makes it. */
const frame = Buffer.from(
  '0000006b00000059997770650b3a6576656e742d7479706507000b5061796c6f6164506172740d3a636f6e74656e742d747970650700186170706c69636174696f6e2f6f637465742d73747265616d0d3a6d6573736167652d747970650700056576656e746869f0e10a16',
  'hex',
);
