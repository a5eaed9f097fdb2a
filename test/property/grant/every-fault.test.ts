import { describe, expect, it } from 'vitest';
import { type Break, enumerateBreaks, play, scenarios } from '../../support/grant-faults.ts';
import { seedFromEnvironment } from '../../support/seeded-random.ts';

/** Only those, where `SCENARIO` names some. */
const chosen = scenarios.filter(({ name }) => name.includes(process.env['SCENARIO'] ?? ''));

const seed = seedFromEnvironment();

describe.each(chosen)(`$name, broken at any AWS call, SEED=${seed}`, (scenario) => {
  it('ends in the state that was asked for, with exactly the roles of a clean run', async () => {
    const clean = await play(scenario);
    const breaks = everySecondCall(await enumerateBreaks(scenario));
    const wrong: string[] = [];
    for (const broken of breaks) {
      const { call, fault, attempts } = broken;
      const title = `${fault} at call ${call.index}, ${call.service}:${call.operation}, ${attempts} attempts`;
      await play(scenario, broken).then(
        ({ standing }) => {
          if (JSON.stringify(standing) !== JSON.stringify(clean.standing))
            wrong.push(`${title}: IAM differs`);
        },
        (error: Error) => wrong.push(`${title}: ${error.message.split('\n').slice(0, 3)}`),
      );
    }
    expect(wrong).toEqual([]);
    expect(breaks.length).toBe(Math.floor((clean.calls.length + (seed % 2)) / 2));
  });
});

/** Which ones, and each in which one way, SEED decides; `npm run test:model` breaks every call in every way. */
function everySecondCall(breaks: readonly Break[]): Break[] {
  const byCall = Map.groupBy(breaks, ({ call }) => call.index);
  return [...byCall]
    .filter(([index]) => (index + seed) % 2 === 0)
    .map(([index, ways]) => ways[((index + seed) / 2) % ways.length] as Break);
}
