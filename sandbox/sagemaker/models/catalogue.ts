import { createIrisModel } from './iris.ts';
import type { Model } from './model.ts';
import { createPuppet } from './puppet.ts';
import { createStoryteller } from './storyteller.ts';

/** The models that the sandbox brings with it. */
export const modelNames = ['iris', 'storyteller', 'puppet'] as const;

export type ModelName = (typeof modelNames)[number];

export function createModels(): Readonly<Record<ModelName, Model>> {
  return { iris: createIrisModel(), storyteller: createStoryteller(), puppet: createPuppet() };
}
