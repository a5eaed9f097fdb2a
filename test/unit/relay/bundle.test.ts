import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const readConfig = createRequire(import.meta.url)('../../../esbuild.config.cjs') as () => BuildOptions &
  Record<string, unknown>;

let bundle: Uint8Array;
let inputs: readonly string[];
beforeAll(async () => {
  const { outputFileExtension: _extension, exclude: _exclude, ...options } = readConfig();
  const { outputFiles, metafile } = await build({
    ...options,
    absWorkingDir: root,
    entryPoints: ['functions/child/invoke.ts'],
    outdir: 'unused',
    write: false,
    metafile: true,
  });
  bundle = outputFiles?.[0]?.contents ?? new Uint8Array();
  const [output] = Object.values(metafile?.outputs ?? {});
  inputs = Object.entries(output?.inputs ?? {}).flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [path] : [],
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

it('is at most 40 KB, and 16 KB in gzip', () => {
  expect(bundle.length).toBeGreaterThan(10_000);
  expect(bundle.length).toBeLessThanOrEqual(40 * 1024);
  expect(gzipSync(bundle).length).toBeLessThanOrEqual(16 * 1024);
});

it('carries middy and nothing else that is not ours', () => {
  expect(inputs).toContain('functions/child/invoke.ts');
  const foreign = inputs.filter((path) => !/^(lib\/relay|lib\/contract|functions\/child)\//.test(path));
  expect(foreign.filter((path) => !/^(node_modules\/@middy\/core\/|imported:)/.test(path))).toEqual([]);
  expect(inputs.filter((path) => /zod|@aws-sdk|powertools|lib\/http/.test(path))).toEqual([]);
});

it('assigns no function to a property where it is written: V8 would make it in old space, once a request', () => {
  const assigned = /[\w$\])](\.[\w$]+=)(?:async )?(?:\([^()]*\)=>|[\w$]+=>|function\b)/g;
  expect([...'a.b=()=>1,c[0].d=async e=>e,f.g=function(){}'.matchAll(assigned)]).toHaveLength(3);
  const properties = [...Buffer.from(bundle).toString().matchAll(assigned)].map(([, property]) => property);
  // middy's own, made once.
  expect(properties).toEqual(['.use=', '.before=', '.after=', '.onError=']);
});

it('loads as it is deployed and answers through the streaming runtime, even what nobody foresaw', async () => {
  const preludes: unknown[] = [];
  vi.stubGlobal('awslambda', {
    streamifyResponse: (handler: unknown) => handler,
    HttpResponseStream: {
      from(stream: PassThrough, prelude: unknown) {
        preludes.push(prelude);
        return stream;
      },
    },
  });
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKID');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('SUBSCRIPTIONS_TABLE', 'subscriptions');
  const { handler } = await import(`data:text/javascript;base64,${Buffer.from(bundle).toString('base64')}`);
  const answer = async (event: unknown, context: object = { getRemainingTimeInMillis: () => 30_000 }) => {
    const out = new PassThrough();
    const body = new Promise<string>((resolve) => {
      const chunks: Buffer[] = [];
      out
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => resolve(Buffer.concat(chunks).toString()));
    });
    await handler(event, out, context);
    return JSON.parse(await body) as unknown;
  };
  expect(await answer({ resource: '/none' })).toEqual({ Message: 'The relay has no such route.' });
  expect(await answer(null)).toEqual({
    Message: 'The request cannot be read; nothing was sent to the model.',
  });
  // A runtime that does not say how long it will wait.
  expect(await answer({}, {})).toEqual({ Message: 'The relay failed. The model may have run.' });
  expect(preludes).toEqual([
    {
      statusCode: 404,
      headers: expect.objectContaining({ 'x-amzn-errortype': 'ResourceNotFoundException' }),
    },
    {
      statusCode: 400,
      headers: expect.objectContaining({ 'x-amzn-errortype': 'ValidationError' }),
    },
    {
      statusCode: 530,
      headers: expect.objectContaining({ 'x-amzn-errortype': 'InternalDependencyException' }),
    },
  ]);
});
