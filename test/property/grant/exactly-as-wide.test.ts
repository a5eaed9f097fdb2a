import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  denyDocument,
  permissionDocument,
  shutTrustDocument,
  trustDocument,
} from '../../../lib/grant/policies.ts';
import { seedFromEnvironment } from '../../support/seeded-random.ts';
import { entryTo, invocationOf, isEntryAllowed, isInvocationAllowed, readings } from './arbitrary-request.ts';
import { arbitraryShare, mark, otherMark, proberRoleArn } from './arbitrary-share.ts';
import { mayEnter, mayInvoke } from './share-oracle.ts';

const seed = seedFromEnvironment();
const runs = { numRuns: 4_000, seed };
const settings = { proberRoleArn };
const entries = arbitraryShare.chain((share) => fc.tuple(fc.constant(share), entryTo(share)));
const invocations = arbitraryShare.chain((share) => fc.tuple(fc.constant(share), invocationOf(share)));

it.each(readings)(`lets in exactly whom the grant lets in, by %s, seed ${seed}`, (reading) => {
  const said = { allowed: 0, denied: 0 };
  fc.assert(
    fc.property(entries, ([share, entry]) => {
      const expected = mayEnter(share, entry);
      said[expected ? 'allowed' : 'denied']++;
      expect(isEntryAllowed(trustDocument(share, settings, mark), entry, reading)).toBe(expected);
    }),
    runs,
  );
  expectBothOften(said);
});

it(`lets through exactly what the grant lets through, seed ${seed}`, () => {
  const said = { allowed: 0, denied: 0 };
  fc.assert(
    fc.property(invocations, ([share, call]) => {
      const expected = mayInvoke(share, call);
      said[expected ? 'allowed' : 'denied']++;
      expect(isInvocationAllowed([permissionDocument(share)], call)).toBe(expected);
    }),
    runs,
  );
  expectBothOften(said);
});

it(`lets nothing through while the deny stands, whatever the grant, seed ${seed}`, () => {
  fc.assert(
    fc.property(invocations, ([share, call]) => {
      expect(isInvocationAllowed([permissionDocument(share), denyDocument], call)).toBe(false);
    }),
    runs,
  );
});

it(`lets nobody in once it is shut but the prober, with a mark that opened nothing before, seed ${seed}`, () => {
  let admitted = 0;
  fc.assert(
    fc.property(entries, ([share, entry]) => {
      const isProber =
        entry.principalArn === proberRoleArn &&
        entry.sessionName === 'sharemaker-probe' &&
        entry.externalId === mark &&
        entry.sourceIdentity === undefined &&
        !entry.hasTags;
      expect(isEntryAllowed(shutTrustDocument(share, settings, mark), entry, 'the keys of the action')).toBe(
        isProber,
      );
      if (!isProber) return;
      admitted++;
      expect(isEntryAllowed(trustDocument(share, settings, otherMark), entry, 'the keys of the action')).toBe(
        false,
      );
    }),
    runs,
  );
  expect(admitted).toBeGreaterThan(runs.numRuns / 50);
});

/** A property that only ever saw refusals would prove little. */
function expectBothOften({ allowed, denied }: { allowed: number; denied: number }): void {
  expect(allowed).toBeGreaterThan(runs.numRuns / 20);
  expect(denied).toBeGreaterThan(runs.numRuns / 20);
}
