import type { AwsError } from './types.ts';

/** A refusal in AWS's words, thrown inside a service and answered by it in its own protocol. */
export class AwsFault extends Error implements AwsError {
  readonly code: string;
  readonly status: number;
  /** Further members of the error's body, such as ModelError's `OriginalStatusCode`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    status: number,
    message: string,
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.members = members;
  }
}
