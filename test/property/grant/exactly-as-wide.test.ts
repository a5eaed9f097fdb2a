import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  closedTrustDocument,
  denyDocument,
  permissionDocument,
  probeOnlyTrustDocument,
  trustDocument,
} from '../../../lib/grant/policies.ts';
import { seedFromEnvironment } from '../../support/seeded-random.ts';
import { entryTo, invocationOf, isEntryAllowed, isInvocationAllowed } from './arbitrary-request.ts';
import { arbitraryShare, proberRoleArn } from './arbitrary-share.ts';
import { mayEnter, mayInvoke } from './share-oracle.ts';

const seed = seedFromEnvironment();
const runs = { numRuns: 4_000, seed };
const settings = { proberRoleArn };
const entries = arbitraryShare.chain((share) => fc.tuple(fc.constant(share), entryTo(share)));
const invocations = arbitraryShare.chain((share) => fc.tuple(fc.constant(share), invocationOf(share)));

it(`lets in exactly whom the grant lets in, seed ${seed}`, () => {
  const said = { allowed: 0, denied: 0 };
  fc.assert(
    fc.property(entries, ([share, entry]) => {
      const expected = mayEnter(share, entry);
      said[expected ? 'allowed' : 'denied']++;
      expect(isEntryAllowed(trustDocument(share, settings), entry)).toBe(expected);
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

it(`lets nobody in once the trust is closed, and the prober alone for the proof of death, seed ${seed}`, () => {
  fc.assert(
    fc.property(entries, ([share, entry]) => {
      expect(isEntryAllowed(closedTrustDocument, entry)).toBe(false);
      const isProber =
        entry.principalArn === proberRoleArn &&
        entry.sessionName === 'sharemaker-probe' &&
        entry.externalId === share.externalIds.current &&
        entry.sourceIdentity === undefined &&
        !entry.hasTags;
      expect(isEntryAllowed(probeOnlyTrustDocument(share, settings), entry)).toBe(isProber);
    }),
    runs,
  );
});

/** A property that only ever saw refusals would prove little. */
function expectBothOften({ allowed, denied }: { allowed: number; denied: number }): void {
  expect(allowed).toBeGreaterThan(runs.numRuns / 20);
  expect(denied).toBeGreaterThan(runs.numRuns / 20);
}
