/**
 * What a client in process sees where one on a socket sees silence or a cut connection. Its names are those of
 * Node's own network errors, so that the SDK's retry rules apply.
 */
export class NetworkFault extends Error {
  override readonly name: 'TimeoutError' | 'Error';
  readonly code: 'ETIMEDOUT' | 'ECONNRESET';
  /** `silence`: a server should not answer at all. `cut`: it should close the connection. */
  readonly kind: 'silence' | 'cut';

  constructor(kind: 'silence' | 'cut') {
    super(kind === 'silence' ? 'The sandbox does not answer (fault).' : 'socket hang up (fault)');
    this.kind = kind;
    this.name = kind === 'silence' ? 'TimeoutError' : 'Error';
    this.code = kind === 'silence' ? 'ETIMEDOUT' : 'ECONNRESET';
  }
}
