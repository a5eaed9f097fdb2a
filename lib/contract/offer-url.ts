/** Addresses of offers, as the relay and the clients read them. Without the schema library, which the relay does not carry. Pure. */

/** The parent's get-offer: where its API is, and the id of the grant. */
export const offerUrlPattern = /^(https?:\/\/[^?#]+)\/offers\/(grt_[0-9a-z]{26})$/;

/** Of an API under API Gateway's own name. Only says what to sign for; whether the address may be asked is another matter. */
export function regionOfApi(url: string): string | undefined {
  return /^https:\/\/[^/]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com/.exec(url)?.[1];
}
