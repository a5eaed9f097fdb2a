/** Tells a small story, token by token. The same prompt always hears the same story. */

import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { failure, type Model } from './model.ts';

export interface StorytellerOptions {
  /** Between two tokens. */
  readonly paceMs?: number;
}

export function createStoryteller({ paceMs = 3 }: StorytellerOptions = {}): Model {
  return {
    async invoke({ body, signal }) {
      const prompt = readPrompt(body.toString('utf8'));
      if (prompt === undefined)
        return failure(400, `The body must be {"prompt": "…"}, the prompt 1 to ${promptMax} characters.`);
      return {
        kind: 'reply',
        contentType: 'text/plain; charset=utf-8',
        body: speak(tokensOf(tell(prompt)), paceMs, signal),
      };
    },
  };
}

const promptMax = 4000;

async function* speak(tokens: readonly string[], paceMs: number, signal: AbortSignal) {
  for (const token of tokens) {
    signal.throwIfAborted();
    yield Buffer.from(token);
    if (paceMs > 0) await wait(paceMs, undefined, { signal });
  }
}

/** Words with the space that follows them. */
function tokensOf(text: string): readonly string[] {
  return text.match(/\S+\s*/g) ?? [];
}

function readPrompt(text: string): string | undefined {
  try {
    const { prompt } = JSON.parse(text) as { prompt?: unknown };
    return typeof prompt === 'string' && prompt.trim() !== '' && prompt.length <= promptMax
      ? prompt
      : undefined;
  } catch {
    return undefined;
  }
}

function tell(prompt: string): string {
  const digest = createHash('sha256').update(prompt).digest();
  const pick = (step: number) => {
    const choices = scenes[step] ?? [];
    return choices[(digest[step] ?? 0) % choices.length] ?? '';
  };
  return scenes.map((_, step) => pick(step)).join(' ');
}

/** One line of each scene makes a story. */
const scenes: readonly (readonly string[])[] = [
  [
    'Two houses stood on either side of a river.',
    'High on a hill, two lighthouses shared one keeper.',
    'In a town of bakers, only one oven never went cold.',
    'Between two gardens ran a wall with a single door.',
  ],
  [
    'One of them kept a clever machine that could name any flower.',
    'The elder had taught a songbird to answer questions.',
    'Behind the shutters sat a clock that told what would happen next.',
    'There lived a cartographer whose maps were always right.',
  ],
  [
    'The neighbours wanted answers too, so a key was cut for them.',
    'Word travelled, and soon the others asked to borrow it by night.',
    'A child from across the way knocked, and was lent a lantern and a password.',
    'They agreed on a signal: three taps, then the secret word.',
  ],
  [
    'Everything that was asked was answered, and every visit was written in a book.',
    'For ninety days the door opened whenever it should, and never when it should not.',
    'Once a stranger came with the wrong word, and the door stayed shut.',
    'A night watch walked round each hour and counted the keys.',
  ],
  [
    'When the season ended, the lock was changed, and the old key turned no more.',
    'Then the day came that was written on the key, and it melted like snow.',
    'At last the key was handed back, and the watch tried it twice to be sure.',
    'In autumn they said goodbye, and nobody had to wonder who could still come in.',
  ],
  [
    'The river went on as before.',
    'And that is why both slept well.',
    'The book is still there; you may read it.',
  ],
];
