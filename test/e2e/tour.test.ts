import { afterEach, describe, expect, it } from 'vitest';
import { heldOutRows } from '../../sandbox/sagemaker/models/iris.ts';
import { StoryBroken } from '../../sandbox/tour/answers.ts';
import { narrator } from '../../sandbox/tour/narrator.ts';
import { playTour } from '../../sandbox/tour/tour.ts';
import { startSandbox, type TestSandbox } from '../support/sandbox.ts';
import { runProgram, temporaryDirectory } from './clients/run-program.ts';
import { repository } from './clients/snippets.ts';

const timeout = 90_000;
const directory = temporaryDirectory();

describe('npm start -- --exit', () => {
  it('plays all eight steps, in plain text when it is no terminal', { timeout }, async ({ annotate }) => {
    const { code, stdout, stderr } = await start();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('\u001b');
    expect(stdout.match(/^\d\. .+$/gm)).toEqual([
      '1. Before: the child has no way in',
      '2. The parent creates a grant',
      '3. It is called active only after it was probed',
      '4. The child accepts the offer and predicts',
      '5. Nobody else gets in',
      '6. Somebody widens the policy by hand; the audit finds it',
      '7. The parent revokes, and the child has a session in hand',
      '8. A date that IAM itself keeps',
    ]);
    const [, right = '', rows] = /(\d+) of (\d+) species right/.exec(stdout) ?? [];
    expect(rows).toBe('30');
    expect(Number(right)).toBeGreaterThanOrEqual(24);
    expect(stdout).toMatch(/revoked, proven dead \d+\.\d\d s after it was asked for/);
    expect(stdout).toContain('policy.drifted: repaired');
    // No keys of anybody's; external ids are cut short.
    expect(stdout).not.toMatch(/A[KS]IA[A-Z2-7]{16}/);
    expect(stdout.match(/sts:ExternalId StringEquals .+/g)).toEqual([
      expect.stringMatching(/ .{4}…$/),
      expect.stringMatching(/ .{4}…, grt_\w+@1\.1$/),
    ]);
    // How fast depends on the machine: said, not judged.
    const [last] = /Every step held\. The tour took [\d.]+ s\.\n$/.exec(stdout) ?? [];
    expect(last).toBeDefined();
    await annotate(`${last}`);
  });

  it('says in a sentence what did not hold, and exits with 1', { timeout }, async () => {
    const { code, stdout, stderr } = await start(`
      const { fetch } = globalThis;
      globalThis.fetch = (url, init) =>
        String(url).endsWith('/revoke') ? new Response('out of order', { status: 500 }) : fetch(url, init);`);
    expect(code).toBe(1);
    expect(stderr).toBe('\nThe tour stopped. An answer was 500 instead of 200 or 202: out of order\n');
    expect(stdout).toContain('7. The parent revokes');
    expect(stdout).not.toContain('8. ');
    expect(stdout).not.toContain('Every step held');
  });

  /** @param before a program that the tour's processes run first, to stand in the story's way */
  function start(before = '') {
    return runProgram([process.execPath, 'scripts/run.mjs', 'start', '--exit'], {
      directory: repository,
      timeoutMs: timeout,
      environment: {
        HOME: directory,
        // Without npm: packages that are not up to date fail this test, which must not install any under the others' feet.
        PATH: directory,
        ...(before && { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(before)}` }),
      },
    });
  }
});

describe('the story is not told over what did not happen', () => {
  let sandbox: TestSandbox | undefined;
  afterEach(() => sandbox?.close());

  it('when the child is answered although nothing was shared', { timeout }, async () => {
    sandbox = await startSandbox();
    const { accountId } = sandbox.describe.child;
    sandbox.sageMaker.addEndpoint({ accountId, name: 'Iris-Classifier', model: 'iris' });
    const { told, end } = await play(sandbox);
    expect(end).toEqual(new StoryBroken('Here the child was answered although nothing is shared.'));
    expect(told).toContain('1. Before: the child has no way in');
    expect(told).not.toContain('2. ');
  });

  it('when the answers are not those of the trained model', { timeout }, async () => {
    sandbox = await startSandbox();
    const { accountId } = sandbox.describe.parent;
    sandbox.sageMaker.deleteEndpoint({ accountId, name: 'Iris-Classifier' });
    sandbox.sageMaker.addEndpoint({ accountId, name: 'Iris-Classifier', model: 'puppet' });
    const { told, end } = await play(sandbox);
    expect(end).toEqual(new StoryBroken('Only 0 of 30 predictions were right.'));
    expect(told).toContain('4. The child accepts the offer and predicts');
    expect(told).not.toContain('5. ');
  });

  async function play({ describe: place, now }: TestSandbox) {
    const lines: string[] = [];
    const telling = playTour({
      place,
      narrator: narrator((line) => lines.push(line), false),
      irisRows: heldOutRows,
      now,
    });
    const end = await telling.then(
      () => undefined,
      (error: Error) => error,
    );
    return { told: lines.join('\n'), end };
  }
});
