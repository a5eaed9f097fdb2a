import type { APIGatewayProxyEvent } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anEvent, type Lab, openLab } from '../../support/relay-lab.ts';

const cases = Number(process.env['FUZZ_CASES'] ?? 2_000);
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
  await lab.subscribe();
});
afterAll(() => lab.close());

it(`answers anything malformed with 4xx in SageMaker's shape: ${cases} cases, seed ${seed}`, async () => {
  await fc.assert(
    fc.asyncProperty(malformed, async (event) => {
      const answer = await lab.send({ event });
      // A lucky case is well formed, and the stub answers 200.
      if (answer.status === 200) return;
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.headers['x-amzn-errortype']).toMatch(/^[A-Z]\w+$/);
      expect(JSON.parse(answer.body.toString())).toEqual({ Message: expect.stringMatching(/./) });
    }),
    { numRuns: cases, seed },
  );
}, 300_000);

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ maxLength: 3_000, minLength: 1_000 }),
  fc.constantFrom(
    '',
    ' ',
    '\r\n',
    'a\r\nx-injected: 1',
    '\0',
    '../..',
    '%2e%2e%2f',
    'ü',
    '💥',
    '\u{dfff}',
    'constructor',
    '__proto__',
    'hasOwnProperty',
    "' OR 1=1",
    '9'.repeat(400),
  ),
);
const sageMakerHeaders = [
  'Content-Type',
  'Accept',
  'X-Amzn-SageMaker-Custom-Attributes',
  'X-Amzn-SageMaker-Target-Model',
  'X-Amzn-SageMaker-Target-Variant',
  'X-Amzn-SageMaker-Inference-Id',
  'X-Amzn-SageMaker-InputLocation',
  'x-amzn-sagemaker-session-id',
  'X-AMZN-SAGEMAKER-S3OUTPUTPATHEXTENSION',
];
const headerLists = fc.dictionary(
  fc.oneof(
    fc.constantFrom(...sageMakerHeaders),
    fc.string({ maxLength: 30 }).map((text) => `x-amzn-sagemaker-${text}`),
    fc.constantFrom('constructor', '__proto__', 'content-length', 'Transfer-Encoding', 'Host'),
    fc.string({ maxLength: 20 }),
  ),
  fc.array(anything, { maxLength: 3 }),
  { maxKeys: 6 },
);
const resource = fc.oneof(
  fc.constantFrom(
    '/endpoints/{alias}/invocations',
    '/endpoints/{alias}/async-invocations',
    '/endpoints/{alias}/async-uploads',
    '/endpoints/{alias}/async-results/{inferenceId}',
  ),
  anything,
);
const malformed: fc.Arbitrary<Partial<APIGatewayProxyEvent>> = fc
  .record(
    {
      resource,
      httpMethod: anything,
      pathParameters: fc.oneof(
        fc.constant(null),
        fc.record(
          {
            alias: fc.oneof(fc.constantFrom('iris', 'Iris', 'unknown', '-x', '__proto__'), anything),
            inferenceId: anything,
          },
          { requiredKeys: [] },
        ),
      ),
      multiValueHeaders: fc.oneof(fc.constant(null), headerLists),
      headers: fc.oneof(
        fc.constant(null),
        fc.dictionary(fc.constantFrom(...sageMakerHeaders), anything, { maxKeys: 4 }),
      ),
      body: fc.oneof(fc.constant(null), anything),
      isBase64Encoded: fc.boolean(),
      requestContext: fc.constantFrom(
        null,
        {},
        { identity: null },
        { identity: {} },
        anEvent().requestContext,
      ),
    },
    { requiredKeys: ['resource', 'pathParameters', 'multiValueHeaders', 'requestContext'] },
  )
  .chain((event) =>
    // Truncated: members that were there are not.
    fc
      .subarray(Object.keys(event), { maxLength: 2 })
      .map((lost) => ({ ...event, ...Object.fromEntries(lost.map((name) => [name, undefined])) })),
  )
  .map((event) => event as unknown as Partial<APIGatewayProxyEvent>);
