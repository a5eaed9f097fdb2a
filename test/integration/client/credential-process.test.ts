import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ChildClient, createChildClient, createParentClient } from '../../../lib/client/client.ts';
import {
  type CredentialProcessOptions,
  credentialProcess,
  type ProcessCredentials,
} from '../../../lib/client/credential-process.ts';
import type { Grant } from '../../../lib/contract/grant.ts';
import type { Offer } from '../../../lib/contract/offer.ts';
import { startSandbox, type TestSandbox } from '../../support/sandbox.ts';

describe('credentials for direct use', () => {
  let sandbox: TestSandbox;
  let child: ChildClient;
  let offer: Offer;
  let recorded: Grant;
  let scratch: string;
  let options: CredentialProcessOptions;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'sharemaker-process-'));
    sandbox = await startSandbox();
    const { region, awsEndpointUrl } = sandbox.describe;
    const parent = createParentClient({ ...sandbox.describe.parent, region });
    child = createChildClient({ ...sandbox.describe.child, region });
    const share = {
      endpoint: { name: 'Iris-Classifier' },
      child: { accountId: sandbox.describe.child.accountId },
    };
    const grant = await parent.createGrant(share);
    recorded = await parent.createGrant({ ...share, recordCaller: true });
    offer = await parent.getOffer({ grantId: grant.id });
    await child.acceptOffer({ alias: 'iris', offerUrl: offer.offerUrl });
    options = {
      source: { alias: 'iris', apiUrl: sandbox.describe.child.apiUrl },
      credentials: sandbox.describe.child.credentials,
      region,
      stsEndpoint: awsEndpointUrl,
      cacheDirectory: '',
      wait: async () => undefined,
    };
  });
  afterAll(async () => {
    await sandbox.close();
    await rm(scratch, { recursive: true, force: true });
  });
  beforeEach(async () => {
    options = { ...options, cacheDirectory: await mkdtemp(join(scratch, 'cache-')) };
  });

  const assumed = () => sandbox.calls.filter(({ operation }) => operation === 'AssumeRole').length;

  async function predict(taken: ProcessCredentials): Promise<string> {
    const { region, awsEndpointUrl } = sandbox.describe;
    const runtime = new SageMakerRuntimeClient({
      region,
      endpoint: awsEndpointUrl,
      credentials: {
        accessKeyId: taken.AccessKeyId,
        secretAccessKey: taken.SecretAccessKey,
        sessionToken: taken.SessionToken,
      },
    });
    return predictionOf(runtime);
  }

  async function predictionOf(runtime: SageMakerRuntimeClient): Promise<string> {
    const { Body } = await runtime.send(
      new InvokeEndpointCommand({
        EndpointName: 'Iris-Classifier',
        ContentType: 'text/csv',
        Accept: 'text/csv',
        Body: '5.1,3.5,1.4,0.2',
      }),
    );
    return Buffer.from(Body ?? [])
      .toString()
      .trim();
  }

  it.each([
    ['an alias', () => options.source],
    ['the address of an offer', () => ({ offerUrl: offer.offerUrl })],
    ['the offer itself', () => ({ offer })],
  ])('come from %s and let an unchanged SDK invoke', async (_what, source) => {
    const taken = await credentialProcess({ ...options, source: source() });
    expect(taken.Version).toBe(1);
    const lifeMs = Date.parse(taken.Expiration) - Date.now();
    expect(lifeMs).toBeGreaterThan(3_500_000);
    expect(lifeMs).toBeLessThanOrEqual(3_600_000);
    expect(await predict(taken)).toBe('setosa');
  });

  it('carry the name of the caller where the grant records it', async () => {
    const { offerUrl } = await createParentClient({
      ...sandbox.describe.parent,
      region: options.region,
    }).getOffer({ grantId: recorded.id });
    expect(await predict(await credentialProcess({ ...options, source: { offerUrl } }))).toBe('setosa');
  });

  it('are kept until sixteen minutes before their end, without any call', async () => {
    const byOffer = { ...options, source: { offer } };
    const first = await credentialProcess(byOffer);
    const callsBefore = sandbox.calls.length;
    const until = Date.parse(first.Expiration) - 16 * 60_000;
    expect(await credentialProcess({ ...byOffer, now: () => until - 1 })).toEqual(first);
    expect(sandbox.calls).toHaveLength(callsBefore);
    const renewed = await credentialProcess({ ...byOffer, now: () => until });
    expect(renewed.SessionToken).not.toBe(first.SessionToken);
  });

  it('are not shared between different profiles, durations or aliases', async () => {
    const before = assumed();
    await credentialProcess(options);
    await credentialProcess({ ...options, takenAs: 'somebody-else' });
    await credentialProcess({ ...options, durationSeconds: 900 });
    await credentialProcess({ ...options, source: { offer } });
    expect(assumed() - before).toBe(4);
  });

  it('are another grant’s as soon as the alias is, within five minutes', async () => {
    const parent = createParentClient({ ...sandbox.describe.parent, region: options.region });
    const second = await parent.createGrant({
      endpoint: { name: 'Iris-Classifier' },
      child: { accountId: sandbox.describe.child.accountId },
    });
    const { apiUrl } = sandbox.describe.child;
    const moving = { ...options, source: { alias: 'moving', apiUrl } };
    await child.acceptOffer({ alias: 'moving', offerUrl: offer.offerUrl });
    const first = await credentialProcess(moving);
    const inFourMinutes = { ...moving, now: () => Date.now() + 240_000 };
    const inSixMinutes = { ...moving, now: () => Date.now() + 360_000 };
    expect(await credentialProcess(inSixMinutes)).toEqual(first);
    await child.removeSubscription({ alias: 'moving' });
    // It has just been looked up.
    expect(await credentialProcess(inFourMinutes)).toEqual(first);
    const later = { ...moving, now: () => Date.now() + 720_000 };
    await expect(credentialProcess(later)).rejects.toMatchObject({ code: 'subscription.not_found' });
    const { offerUrl } = await parent.getOffer({ grantId: second.id });
    await child.acceptOffer({ alias: 'moving', offerUrl });
    const moved = await credentialProcess(later);
    expect(moved.SessionToken).not.toBe(first.SessionToken);
    const calls = sandbox.calls.filter(({ operation }) => operation === 'AssumeRole');
    expect(JSON.stringify(calls.at(-1))).toContain(second.id);
    await child.removeSubscription({ alias: 'moving' });
  });

  it('last through an outage for as long as they live, and no longer', async () => {
    const first = await credentialProcess(options);
    const endsAt = Date.parse(first.Expiration);
    const outage = {
      ...options,
      fetch: async () => Promise.reject(new TypeError('fetch failed')),
    };
    expect(await credentialProcess({ ...outage, now: () => endsAt - 120_000 })).toEqual(first);
    await expect(credentialProcess({ ...outage, now: () => endsAt - 30_000 })).rejects.toMatchObject({
      code: 'client.unreachable',
    });
  });

  it('are not kept against a refusal', async () => {
    const first = await credentialProcess(options);
    const renewing = { ...options, now: () => Date.parse(first.Expiration) - 300_000 };
    const refused = {
      ...renewing,
      fetch: async () => Response.json({ message: 'Forbidden' }, { status: 403 }),
    };
    await expect(credentialProcess(refused)).rejects.toMatchObject({ code: 'gateway.refused' });
  });

  it('cannot be had by another account, not even with the offer in hand', async () => {
    const { credentials } = sandbox.describe.outsider;
    const byOffer = credentialProcess({ ...options, credentials, source: { offer } });
    await expect(byOffer).rejects.toMatchObject({ code: 'offer.refused', status: 403 });
    const byUrl = credentialProcess({ ...options, credentials, source: { offerUrl: offer.offerUrl } });
    await expect(byUrl).rejects.toMatchObject({ code: 'grant.not_found' });
  });

  it('never show the external id when they fail', async () => {
    const spoilt = { ...offer, externalId: 'a-wrong-external-id' };
    const failure = await credentialProcess({ ...options, source: { offer: spoilt } }).catch(
      (error) => error,
    );
    expect(failure).toMatchObject({ code: 'offer.refused' });
    expect(`${failure.stack}${JSON.stringify(failure)}`).not.toContain('a-wrong-external-id');
  });

  it.each([
    [{ offer: { version: 1 } }, 'offer.invalid'],
    [{ offerUrl: 'https://example.com/elsewhere' }, 'offer.url_not_allowed'],
    [{ offerUrl: `http://example.com/offers/grt_${'0'.repeat(26)}` }, 'offer.url_not_allowed'],
    [{ alias: 'nobody', apiUrl: '' }, 'subscription.not_found'],
  ])('are refused with a code for %j', async (given, code) => {
    const source = 'alias' in given ? { ...given, apiUrl: sandbox.describe.child.apiUrl } : given;
    await expect(credentialProcess({ ...options, source })).rejects.toMatchObject({ code });
  });

  it('are refused without a call once the grant has ended', async () => {
    const before = assumed();
    const late = { ...options, source: { offer }, now: () => Date.parse(offer.expiresAt) };
    await expect(credentialProcess(late)).rejects.toMatchObject({ code: 'offer.expired' });
    expect(assumed()).toBe(before);
  });

  it.each([899, 3601, 1000.5, Number.NaN])('do not last %d seconds', async (durationSeconds) => {
    await expect(credentialProcess({ ...options, durationSeconds })).rejects.toThrow(RangeError);
  });

  describe('from the command line', () => {
    const environment = (more: Record<string, string> = {}) => ({
      PATH: process.env['PATH'] ?? '',
      HOME: scratch,
      AWS_ENDPOINT_URL: sandbox.describe.awsEndpointUrl,
      AWS_ACCESS_KEY_ID: sandbox.describe.child.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.describe.child.credentials.secretAccessKey,
      AWS_REGION: sandbox.describe.region,
      ...more,
    });

    it('are printed as JSON and nothing else', async () => {
      const { stdout, code } = await sharemaker(
        ['--alias', 'iris', '--api-url', sandbox.describe.child.apiUrl],
        environment(),
      );
      expect(code).toBe(0);
      expect(await predict(JSON.parse(stdout))).toBe('setosa');
    });

    it('are printed on an older Node, too, by handing over to Node 24', async () => {
      const pretend =
        'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.0.0" } })';
      const { stdout, stderr, code } = await run(
        [
          '--import',
          `data:text/javascript,${encodeURIComponent(pretend)}`,
          cli,
          'credential-process',
          '--alias',
          'nobody',
          '--api-url',
          sandbox.describe.child.apiUrl,
        ],
        environment(),
      );
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
      expect(stderr).toMatch(/^sharemaker: get-subscription: .*subscription\.not_found/);
    });

    it('serve a profile, so that code with AWS_PROFILE set needs no change', async () => {
      const { credentials, apiUrl } = sandbox.describe.child;
      const config = join(options.cacheDirectory, 'config');
      await writeFile(
        config,
        `[profile child]
aws_access_key_id = ${credentials.accessKeyId}
aws_secret_access_key = ${credentials.secretAccessKey}
[profile iris]
credential_process = "${process.execPath}" "${cli}" credential-process --alias iris --api-url ${apiUrl} --profile child --region us-east-1
[profile circle]
credential_process = "${process.execPath}" "${cli}" credential-process --alias iris --api-url ${apiUrl} --profile circle --region us-east-1
`,
      );
      const { AWS_ACCESS_KEY_ID: _key, AWS_SECRET_ACCESS_KEY: _secret, ...rest } = environment();
      const around = { ...rest, AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(scratch, 'none') };
      const iris = await node(script, { ...around, AWS_PROFILE: 'iris' });
      expect(iris).toMatchObject({ code: 0, stdout: 'setosa' });
      const circle = await sharemaker(
        ['--alias', 'iris', '--api-url', apiUrl, '--profile', 'circle'],
        around,
      );
      expect(circle.code).toBe(2);
      expect(circle.stderr).toContain('it cannot be the profile that this command serves');
    });

    it.each([
      [[], 'Give one of --alias, --offer-url and --offer-file.'],
      [['--alias', 'iris'], '--alias and --api-url belong together.'],
      [['--offer-url', 'nonsense'], '"nonsense" is not a URL'],
      [['--alias', 'iris', '--api-url', 'http://a.b/dev'], '"http://a.b/dev" is not an https:// address'],
      [['--offer-file', '/does/not/exist'], 'cannot be read (ENOENT)'],
      [['--offer-url', 'https://a.b/offers/x', '--duration-seconds', '1'], '900 to 3600'],
      [['--colour', 'green'], '--colour'],
    ])('explain themselves for %j', async (args, message) => {
      const { stdout, stderr, code } = await sharemaker(args, environment());
      expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
      expect(stderr).toContain(message);
    });

    it('end with one sentence, no stack and code 1 when the API refuses', async () => {
      const { stdout, stderr, code } = await sharemaker(
        ['--alias', 'nobody', '--api-url', sandbox.describe.child.apiUrl],
        environment(),
      );
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
      expect(stderr).toMatch(/^sharemaker: get-subscription: .*subscription\.not_found/);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    });
  });
});

const cli = join(import.meta.dirname, '../../../cli/sharemaker.mjs');

/** What a user's own code looks like: nothing in it knows of Sharemaker. */
const script = `
const { SageMakerRuntimeClient, InvokeEndpointCommand } = await import('@aws-sdk/client-sagemaker-runtime');
const { Body } = await new SageMakerRuntimeClient({ region: 'us-east-1' }).send(new InvokeEndpointCommand({
  EndpointName: 'Iris-Classifier', ContentType: 'text/csv', Accept: 'text/csv', Body: '5.1,3.5,1.4,0.2' }));
process.stdout.write(Buffer.from(Body).toString().trim());
`;

const sharemaker = (args: readonly string[], env: Record<string, string>) =>
  run([cli, 'credential-process', ...args], env);
const node = (code: string, env: Record<string, string>) => run(['--input-type=module', '-e', code], env);

async function run(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, args, { env, cwd: join(import.meta.dirname, '../../..') });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { stdout, stderr, code };
}
