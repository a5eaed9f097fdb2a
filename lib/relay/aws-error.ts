/**
 * A refusal by an AWS service. Shaped like the SDK's exceptions, so that whoever knows those knows this one; but without
 * the service's own text, which may quote policies and ids.
 */
export class AwsError extends Error {
  declare readonly $metadata: { readonly httpStatusCode: number };

  constructor(name: string, status: number) {
    super(`AWS answered ${name}`);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
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
