import { describe, expect, it } from 'vitest';
import { createIrisModel, heldOutRows } from '../../../sandbox/sagemaker/models/iris.ts';
import type { ModelAnswer, ModelRequest } from '../../../sandbox/sagemaker/models/model.ts';
import { createStoryteller } from '../../../sandbox/sagemaker/models/storyteller.ts';

const ask = (body: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  body: Buffer.from(body),
  signal: new AbortController().signal,
  ...more,
});

async function textOf(answer: ModelAnswer): Promise<string> {
  if (answer.kind !== 'reply') throw new Error(`${answer.kind}: ${answer.message}`);
  const parts: Uint8Array[] = [];
  if (Buffer.isBuffer(answer.body)) return answer.body.toString();
  for await (const part of answer.body) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('the Iris forest', () => {
  const model = createIrisModel();
  const csv = heldOutRows.map(({ features }) => features.join(',')).join('\n');

  it('names at least nine of ten flowers that it has never seen', async () => {
    expect(heldOutRows).toHaveLength(30);
    expect(new Set(heldOutRows.map(({ species }) => species)).size).toBe(3);
    const answer = await model.invoke(ask(csv, { contentType: 'text/csv' }));
    const named = (await textOf(answer)).trimEnd().split('\n');
    expect(named).toHaveLength(30);
    const right = named.filter((species, row) => species === heldOutRows[row]?.species);
    expect(right.length).toBeGreaterThanOrEqual(27);
  });

  it('is the same forest every time it is grown', async () => {
    const [first, second] = await Promise.all(
      [createIrisModel(), createIrisModel()].map(async (one) => textOf(await one.invoke(ask(csv)))),
    );
    expect(first).toBe(second);
  });

  it('answers JSON with the shares of votes', async () => {
    const body = JSON.stringify({ instances: [[5.1, 3.5, 1.4, 0.2]] });
    const answer = await model.invoke(ask(body, { contentType: 'application/json; charset=utf-8' }));
    const { predictions } = JSON.parse(await textOf(answer)) as {
      predictions: { species: string; probabilities: Record<string, number> }[];
    };
    expect(predictions).toMatchObject([{ species: 'setosa', probabilities: { setosa: expect.any(Number) } }]);
    const total = Object.values(predictions[0]?.probabilities ?? {}).reduce((sum, share) => sum + share, 0);
    expect(total).toBeCloseTo(1);
  });

  it.each([
    ['application/json', 'application/json'],
    ['text/csv', 'text/csv; charset=utf-8'],
    ['*/*', 'text/csv; charset=utf-8'],
    ['image/png, application/json;q=0.9', 'application/json'],
  ])('answers what Accept %s asks for', async (accept, contentType) => {
    expect(await model.invoke(ask('5.1,3.5,1.4,0.2', { contentType: 'text/csv', accept }))).toMatchObject({
      kind: 'reply',
      contentType,
    });
  });

  it.each<[string, string, Partial<ModelRequest>, number]>([
    ['three numbers', '1,2,3', {}, 400],
    ['a word', '1,2,3,four', {}, 400],
    ['an empty cell', '1,2,3,', {}, 400],
    ['nothing', '', {}, 400],
    ['10,001 rows', '1,2,3,4\n'.repeat(10_001), {}, 400],
    ['what is not JSON', '{', { contentType: 'application/json' }, 400],
    ['JSON without instances', '{}', { contentType: 'application/json' }, 400],
    ['JSON null', 'null', { contentType: 'application/json' }, 400],
    ['another type', 'x', { contentType: 'image/png' }, 415],
    ['an answer it cannot give', '1,2,3,4', { accept: 'image/png' }, 406],
    ['an answer named like a property of objects', '1,2,3,4', { accept: 'constructor' }, 406],
  ])('refuses %s', async (_, body, more, status) => {
    expect(await model.invoke(ask(body, more))).toMatchObject({ kind: 'failure', status });
  });
});

describe('the storyteller', () => {
  const model = createStoryteller({ paceMs: 0 });
  const tell = async (prompt: string) => textOf(await model.invoke(ask(JSON.stringify({ prompt }))));

  it('tells the same story to the same prompt, and others to others', async () => {
    expect(await tell('a river')).toBe(await tell('a river'));
    const stories = await Promise.all(Array.from({ length: 20 }, (_, n) => tell(`prompt ${n}`)));
    expect(new Set(stories).size).toBeGreaterThan(15);
    for (const story of stories) expect(story.split(' ').length).toBeGreaterThan(30);
  });

  it('speaks word by word', async () => {
    const answer = await model.invoke(ask('{"prompt":"a river"}'));
    if (answer.kind !== 'reply' || Buffer.isBuffer(answer.body)) throw new Error('It did not stream.');
    const words: string[] = [];
    for await (const part of answer.body) words.push(Buffer.from(part).toString());
    expect(words.every((word) => /^\S+\s*$/.test(word))).toBe(true);
    expect(words.length).toBeGreaterThan(30);
  });

  it('stops when nobody listens', async () => {
    const gone = new AbortController();
    const answer = await createStoryteller().invoke(ask('{"prompt":"x"}', { signal: gone.signal }));
    gone.abort(new Error('gone'));
    await expect(textOf(answer)).rejects.toThrow('gone');
  });

  it.each(['', '{', '{}', '{"prompt":""}', '{"prompt":7}', JSON.stringify({ prompt: 'x'.repeat(4001) })])(
    'refuses %s',
    async (body) => {
      expect(await model.invoke(ask(body))).toMatchObject({ kind: 'failure', status: 400 });
    },
  );
});
