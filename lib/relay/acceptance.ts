/** Offers become subscriptions here: read, judged, probed, and only then stored. */

import { isDeepStrictEqual } from 'node:util';
import { type Offer, offerSchema } from '../contract/offer.ts';
import { Problem } from '../contract/problems.ts';
import { sourceIdentityOf } from '../contract/source-identity.ts';
import type { AcceptOfferBody } from '../contract/subscription.ts';
import { mayBeOffered, type OfferReading, type ReadOffer } from './offer-source.ts';
import type { Probe, ProbeResult } from './probe.ts';
import { accept, isExpired, type SubscriptionRecord, termsOf, withTerms } from './subscription.ts';
import { readSubscription, type SubscriptionTable, writeSubscription } from './subscription-store.ts';

export interface AcceptanceOptions {
  readonly table: SubscriptionTable;
  readonly readOffer: ReadOffer;
  readonly probe: Probe;
  readonly childAccountId: string;
  /** `OFFER_ORIGINS` */
  readonly allowedOrigins: string;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

export interface Acting {
  /** The ARN that signed. */
  readonly callerArn: string;
  /** Epoch milliseconds by which the answer must be on its way. */
  readonly deadlineAt: number;
}

/** Throws Problem: `offer.*`, `subscription.alias_taken`, `request.conflict`, `upstream.failed`. */
export async function acceptOffer(
  body: AcceptOfferBody,
  acting: Acting,
  options: AcceptanceOptions,
): Promise<SubscriptionRecord> {
  const { table, readOffer, now } = options;
  const offer = 'offer' in body ? body.offer : offerIn(await readOffer(body.offerUrl));
  judge(offer, options);
  const existing = await readSubscription(table, body.alias);
  if (existing && !isSameShare(existing, offer)) throw aliasTaken(body.alias);
  if ('offer' in body) confirm(offer, await readOffer(offer.offerUrl));

  const result = await probeUntil(offer, acting, options);
  if (result.access === 'shut') throw new Problem('offer.refused', `${result.detail} Nothing was stored.`);
  if (result.access === 'unclear')
    throw new Problem('upstream.failed', `${result.detail} Nothing was stored.`);

  const fresh = accept(offer, { alias: body.alias, acceptedBy: acting.callerArn, now: now() });
  const record = existing ? asChecked(withTerms(existing, termsOf(offer)), result, now()) : fresh;
  return stored(table, record);
}

/** Probes again under the newest terms and stores what was found. Throws Problem `request.conflict`. */
export async function checkSubscription(
  subscription: SubscriptionRecord,
  acting: Acting,
  options: AcceptanceOptions,
): Promise<SubscriptionRecord> {
  const { table, readOffer, probe, now } = options;
  // An offer that cannot be read, or is another's, changes nothing: the probe decides.
  const reading = await readOffer(subscription.offerUrl);
  const said = 'offer' in reading ? offerSchema.safeParse(reading.offer).data : undefined;
  const isNewer = said?.childAccountId === options.childAccountId && isSameShare(subscription, said);
  const { offerUrl } = subscription;
  const current = withTerms(subscription, isNewer ? { ...termsOf(said), offerUrl } : subscription);
  const result = isExpired(current, now())
    ? ({ access: 'shut', detail: `The grant expired at ${current.expiresAt}.` } as const)
    : await probe(current, sourceIdentityOf(acting.callerArn));
  const checked = asChecked(current, result, now());
  return stored(table, checked);
}

/** IAM changes take a while to be seen everywhere, so a refusal is believed only when it lasts. */
const refusalBelievedAfterMs = 15_000;
const firstPauseMs = 250;
const pauseMsMax = 2_000;
const answerMs = 2_000;

async function probeUntil(
  offer: Offer,
  acting: Acting,
  { probe, now, wait }: AcceptanceOptions,
): Promise<ProbeResult> {
  const until = Math.min(acting.deadlineAt - answerMs, now() + refusalBelievedAfterMs);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMsMax, 2 * pauseMs)) {
    const result = await probe(termsOf(offer), sourceIdentityOf(acting.callerArn));
    if (result.access === 'open' || now() + pauseMs >= until) return result;
    await wait(pauseMs);
  }
}

/** Throws Problem `request.conflict`. */
async function stored(table: SubscriptionTable, record: SubscriptionRecord): Promise<SubscriptionRecord> {
  if (await writeSubscription(table, record)) return record;
  // A write is repeated when its reply is lost, and is then refused because of itself.
  if (isDeepStrictEqual(await readSubscription(table, record.alias), record)) return record;
  throw new Problem('request.conflict', `Alias ${record.alias} was changed by another request.`);
}

function offerIn(reading: OfferReading): Offer {
  if ('refusal' in reading) {
    const [code, detail] = noOffer[reading.refusal];
    throw new Problem(code, 'status' in reading ? `${detail} (status ${reading.status}).` : detail);
  }
  const parsed = offerSchema.safeParse(reading.offer);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => `/${issue.path.map(String).join('/')}`);
  throw new Problem(
    'offer.invalid',
    `What was read is not an offer; wrong at ${fields.slice(0, 5).join(', ')}.`,
  );
}

/**
 * Anybody may have written an offer that comes by hand, and named an address that is trusted: what is read there must lead
 * to the same place. Where nothing answers at all, as in a closed network, the probe alone decides.
 */
function confirm(offer: Offer, reading: OfferReading): void {
  if ('refusal' in reading && reading.refusal === 'unreachable') return;
  if (!isSameShare(offer, offerIn(reading)))
    throw new Problem('offer.invalid', 'The offer is not the one that its own offerUrl answers.');
}

const noOffer = {
  'not-allowed': [
    'offer.url_not_allowed',
    'The offer URL does not match OFFER_ORIGINS, or does not end in /offers/ and the id of a grant.',
  ],
  unreachable: ['offer.unreachable', 'The offer URL did not answer whole within 5 seconds and 64 KB.'],
  refused: ['offer.unreachable', 'The offer URL refused to answer'],
  'not-json': ['offer.invalid', 'The offer URL did not answer with JSON.'],
} as const;

function judge(offer: Offer, options: AcceptanceOptions): void {
  if (offer.childAccountId !== options.childAccountId)
    throw new Problem(
      'offer.not_yours',
      `The offer is for account ${offer.childAccountId}; this is ${options.childAccountId}.`,
    );
  if (!belongsTogether(offer, options))
    throw new Problem('offer.invalid', "The share role's ARN does not belong to this grant and account.");
  // The relay will read it there again.
  if (!mayBeOffered(options.allowedOrigins)(new URL(offer.offerUrl)))
    throw new Problem(
      'offer.url_not_allowed',
      "The offer's own offerUrl does not match OFFER_ORIGINS, or does not end in /offers/ and the id of a grant.",
    );
  if (!offer.offerUrl.endsWith(offer.grantId))
    throw new Problem('offer.invalid', "The offer's own offerUrl is that of another grant.");
  if (isExpired(offer, options.now()))
    throw new Problem('offer.expired', `The grant expired at ${offer.expiresAt}.`);
}

/** The role's path and name say whose it is (design of the share role); an offer cannot lead to another's. */
function belongsTogether({ roleArn, grantId }: Offer, { childAccountId }: AcceptanceOptions): boolean {
  return roleArn.endsWith(`:role/sharemaker/${childAccountId}/sharemaker-${grantId}`);
}

type Place = Pick<Offer, 'grantId' | 'roleArn' | 'endpoint'>;

/** Whether two lead to one place. Terms may change in the life of a grant; its role and its endpoint never do. */
function isSameShare(one: Place, other: Place): boolean {
  return (
    one.grantId === other.grantId &&
    one.roleArn === other.roleArn &&
    one.endpoint.name === other.endpoint.name &&
    one.endpoint.region === other.endpoint.region
  );
}

function asChecked(record: SubscriptionRecord, result: ProbeResult, now: number): SubscriptionRecord {
  const { detail: _old, ...rest } = record;
  return {
    ...rest,
    checkedAt: new Date(now).toISOString(),
    ...(result.access === 'open'
      ? { status: 'active' as const }
      : {
          // No verdict is no reason to call it broken.
          status: result.access === 'shut' ? ('broken' as const) : record.status,
          detail: result.detail,
        }),
  };
}

function aliasTaken(alias: string): Problem {
  return new Problem('subscription.alias_taken', `Alias ${alias} stands for another grant.`);
}
