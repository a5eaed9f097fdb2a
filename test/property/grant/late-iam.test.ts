import { expect, it } from 'vitest';
import { watchLife } from '../../support/grant-promise.ts';
import { seedFromEnvironment } from '../../support/seeded-random.ts';

/** The rest of the thousand run in `npm run test:model`. */
const lives = Number(process.env['LIVES'] ?? 30);

it(`keeps both promises in ${lives} lives with IAM up to 90 seconds late`, { timeout: 600_000 }, async () => {
  const seed = seedFromEnvironment();
  process.stdout.write(`late-iam: SEED=${seed}\n`);
  const broken: string[] = [];
  const open: number[] = [];
  const shut: number[] = [];
  for (let index = 0; index < lives; index++) {
    const life = await watchLife(seed + index);
    const title = `SEED=${life.seed} lag ${life.lagSeconds} s, ${life.end}`;
    broken.push(...life.broken.map((promise) => `${title}: ${promise}`));
    expect(life.callsAfterReceipt, 'the dead grant was really called').toBeGreaterThan(20);
    open.push(life.openAddedSeconds);
    if (life.end === 'revoke') shut.push(life.shutAddedSeconds);
  }
  process.stdout.write(
    `  Sharemaker's own seconds beyond the lag: active ${spread(open)}, revoked ${spread(shut)}\n`,
  );
  expect(broken).toEqual([]);
});

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} p95 ${at(0.95)} max ${at(1)}`;
}
