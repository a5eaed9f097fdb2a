/**
 * Direct use, without the relay: what an AWS profile's `credential_process` must print. Unchanged SDKs, the AWS CLI and
 * boto3 then invoke the parent's endpoint themselves, with a session of the grant's share role.
 */

import { type Offer, offerSchema } from '../contract/offer.ts';
import { offerUrlPattern, regionOfApi } from '../contract/offer-url.ts';
import { type TakenSession, takeSession } from './assume-share-role.ts';
import { type ClientOptions, createChildClient, createParentClient, isUsableUrl } from './client.ts';
import { ClientProblem } from './client-problem.ts';
import { type CachedSession, createSessionCache, isLive, type SessionCache } from './session-cache.ts';

/** Where the offer is found: behind an alias, at its own address, or at hand. */
export type OfferSource =
  | { readonly alias: string; readonly apiUrl: string }
  | { readonly offerUrl: string }
  | { readonly offer: unknown };

export interface CredentialProcessOptions
  extends Pick<ClientOptions, 'region' | 'credentials' | 'fetch' | 'now' | 'wait' | 'random' | 'timeoutMs'> {
  readonly source: OfferSource;
  /** Whose credentials these are, such as a profile's name: sessions taken as somebody else are kept apart. */
  readonly takenAs?: string;
  /** 900 to 3600; a share role's session lasts no longer. @default 3600 */
  readonly durationSeconds?: number;
  /** Gets a folder `sharemaker`, for its owner's eyes only. */
  readonly cacheDirectory: string;
  /** Of STS, when it is not AWS's own. */
  readonly stsEndpoint?: string;
}

/** AWS SDKs and Tools Reference Guide, "Process credential provider". */
export interface ProcessCredentials {
  readonly Version: 1;
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  /** ISO 8601 */
  readonly Expiration: string;
}

/**
 * The session kept on disk while it has long to live, otherwise a new one. While AWS or the APIs are out of reach, a
 * kept session serves for as long as it lives. Throws ClientProblem (`subscription.not_found`, `offer.expired`,
 * `offer.refused`, …), RangeError, or what the credential source throws.
 */
export async function credentialProcess(options: CredentialProcessOptions): Promise<ProcessCredentials> {
  const { now = Date.now, durationSeconds = 3600 } = options;
  if (!Number.isInteger(durationSeconds) || durationSeconds < 900 || durationSeconds > 3600)
    throw new RangeError('The duration must be 900 to 3600 whole seconds.');
  const cache = createSessionCache(options.cacheDirectory, [
    options.source,
    options.takenAs ?? '',
    options.region,
    durationSeconds,
  ]);

  const found = await cache.read();
  const isUsable = found && isLive(found, now() + leastLifeMs) && (await isStillMeant(found, cache, options));
  const kept = isUsable ? found : undefined;
  if (kept && isLive(kept, now() + renewBeforeMs(durationSeconds))) return printed(kept);
  try {
    const offer = await offerFrom(options);
    if (now() >= Date.parse(offer.expiresAt))
      throw problem('offer.expired', `The grant expired at ${offer.expiresAt}`);
    const session = await takeSession(offer, { ...options, durationSeconds });
    // A full or read-only disk costs a call each time, not the credentials.
    await cache.write({ ...session, roleArn: offer.roleArn, checkedAt: now() }).catch(() => undefined);
    return printed(session);
  } catch (error) {
    if (kept && isOutage(error)) return printed(kept);
    throw error;
  }
}

// --- internal ---

/**
 * botocore asks again 15 minutes before the end, the JavaScript SDK 5; a session kept for longer than that would be
 * handed out again and again (botocore/credentials.py, RefreshableCredentials).
 */
function renewBeforeMs(durationSeconds: number): number {
  return Math.min(16 * 60, durationSeconds / 3) * 1000;
}

const leastLifeMs = 60_000;
const checkAgainAfterMs = 5 * 60_000;

/** Whether the alias still stands for the grant whose session this is: it may have been removed, or accepted for another. */
async function isStillMeant(
  kept: CachedSession,
  cache: SessionCache,
  options: CredentialProcessOptions,
): Promise<boolean> {
  const { source, now = Date.now } = options;
  if (!('alias' in source) || now() < kept.checkedAt + checkAgainAfterMs) return true;
  try {
    const { roleArn } = await childOf(source, options).getSubscription({ alias: source.alias });
    if (roleArn !== kept.roleArn) return false;
    await cache.write({ ...kept, checkedAt: now() }).catch(() => undefined);
    return true;
  } catch (error) {
    if (isOutage(error)) return true;
    throw error;
  }
}

function childOf({ apiUrl }: { readonly apiUrl: string }, options: CredentialProcessOptions) {
  return createChildClient({ ...options, apiUrl });
}

async function offerFrom(options: CredentialProcessOptions): Promise<Offer> {
  const { source } = options;
  if ('offer' in source) return checkedOffer(source.offer);
  if ('offerUrl' in source) return offerAt(source.offerUrl, options);
  const accepted = await childOf(source, options).getSubscription({ alias: source.alias });
  const offer = await offerAt(accepted.offerUrl, options);
  const isAccepted =
    offer.roleArn === accepted.roleArn &&
    offer.endpoint.name === accepted.endpoint.name &&
    offer.endpoint.region === accepted.endpoint.region;
  // Whoever answers there today must not lead the child's payloads elsewhere.
  if (!isAccepted) throw problem('offer.invalid', `The offer is not the one accepted as ${source.alias}`);
  return offer;
}

/** `…/offers/{grantId}` is the parent's get-offer; it answers the grant's own child account. */
async function offerAt(offerUrl: string, options: CredentialProcessOptions): Promise<Offer> {
  const [, apiUrl, grantId] = offerUrlPattern.exec(offerUrl) ?? [];
  if (apiUrl === undefined || grantId === undefined || !isUsableUrl(apiUrl))
    throw problem(
      'offer.url_not_allowed',
      'The offer URL is no https:// address that ends in /offers/ and the id of a grant',
    );
  const parent = createParentClient({ ...options, apiUrl, region: regionOfApi(apiUrl) ?? options.region });
  const offer = await parent.getOffer({ grantId });
  if (offer.grantId !== grantId) throw problem('offer.invalid', `What ${offerUrl} answers is another grant`);
  return ofOneGrant(offer);
}

/** A share role is named after its grant. */
function ofOneGrant(offer: Offer): Offer {
  if (offer.roleArn.endsWith(`/${offer.childAccountId}/sharemaker-${offer.grantId}`)) return offer;
  throw problem('offer.invalid', 'The share role does not belong to the grant');
}

function checkedOffer(offer: unknown): Offer {
  const parsed = offerSchema.safeParse(offer);
  if (parsed.success) return ofOneGrant(parsed.data);
  const fields = parsed.error.issues.slice(0, 5).map((issue) => `/${issue.path.map(String).join('/')}`);
  throw problem('offer.invalid', `The document is not an offer; wrong at ${fields.join(', ')}`);
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof ClientProblem)) return false;
  return (
    error.status >= 500 ||
    error.status === 429 ||
    ['client.timeout', 'client.unreachable'].includes(error.code)
  );
}

function printed(session: TakenSession): ProcessCredentials {
  return {
    Version: 1,
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: new Date(session.expiresAt).toISOString(),
  };
}

function problem(code: 'offer.expired' | 'offer.invalid' | 'offer.url_not_allowed', detail: string) {
  return new ClientProblem(code, detail, { operation: 'credential-process' });
}
