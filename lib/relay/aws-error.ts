/** A refusal by an AWS service. Shaped like the SDK's exceptions, so that whoever knows those knows this one. */
export class AwsError extends Error {
  readonly $metadata: { readonly httpStatusCode: number };
  /** The answer's own text; it may quote policies and ids, so it is neither logged nor passed on. */
  readonly response: Readonly<Record<string, unknown>>;

  constructor(name: string, status: number, response: Readonly<Record<string, unknown>> = {}) {
    super(`AWS answered ${name}`);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
    this.response = response;
  }
}

/** STS says Throttling, DynamoDB ThrottlingException or ProvisionedThroughputExceededException; older services vary. */
export function isThrottle(code: string): boolean {
  return /^(Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|TooManyRequests)/.test(code);
}

/** A service error code without namespace and URI: `com.amazonaws…#Code`, `Code:http://…`. */
export function bareCode(code: string): string {
  const colon = code.indexOf(':');
  const bare = colon < 0 ? code : code.slice(0, colon);
  return bare.slice(bare.indexOf('#') + 1);
}
