import { limitExceeded } from './faults.ts';
import { tagsMax } from './input.ts';
import type { Tags } from './state.ts';

/** Keys are the same without regard to case; the newer spelling stays. @throws AwsFault LimitExceeded */
export function tagged(tags: Tags, added: Tags): Tags {
  const merged = new Map([...untagged(tags, [...added.keys()]), ...added]);
  if (merged.size > tagsMax) throw limitExceeded('The number of tags has reached the maximum limit.');
  return merged;
}

export function untagged(tags: Tags, keys: readonly string[]): Tags {
  const dropped = new Set(keys.map((key) => key.toLowerCase()));
  return new Map([...tags].filter(([key]) => !dropped.has(key.toLowerCase())));
}
