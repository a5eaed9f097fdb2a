import { describe, expect, it } from 'vitest';
import { type Break, enumerateBreaks, play, scenarios } from '../../support/grant-faults.ts';

/** Only those, where `SCENARIO` names some. */
const chosen = scenarios.filter(({ name }) => name.includes(process.env['SCENARIO'] ?? ''));

describe.each(chosen)('$name, broken at any AWS call', (scenario) => {
  it('ends in the state that was asked for, with exactly the roles of a clean run', async () => {
    const clean = await play(scenario);
    const breaks = oneWayEach(await enumerateBreaks(scenario));
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
    expect(new Set(breaks.map(({ call }) => call.index)).size).toBe(clean.calls.length);
  });
});

/** Every call in one way, another each time; `npm run test:model` breaks every call in every way. */
function oneWayEach(breaks: readonly Break[]): Break[] {
  const byCall = Map.groupBy(breaks, ({ call }) => call.index);
  return [...byCall].map(([index, ways]) => ways[index % ways.length] as Break);
}
