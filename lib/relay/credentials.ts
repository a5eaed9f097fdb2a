/** AWS keys, long-lived or of a session. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Keys of a share role's session. */
export interface SessionCredentials extends Credentials {
  readonly sessionToken: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}
