import type { ServiceResponse } from '../types.ts';

/** The AWS error code of an answer, whatever its protocol, for the call log. */
export function errorCodeOf({ status, headers, body }: ServiceResponse): string | undefined {
  if (status < 400) return undefined;
  const header = headers['x-amzn-errortype'];
  if (header !== undefined) return header.split(':')[0];
  const text = typeof body === 'string' ? body : Buffer.isBuffer(body) ? body.toString('utf8') : '';
  return /<Code>([\w.]{1,128})<\/Code>/.exec(text)?.[1] ?? jsonCode(text);
}

/** `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException` → `ResourceNotFoundException` */
function jsonCode(text: string): string | undefined {
  return /"(?:__type|code)"\s*:\s*"(?:[\w.]{1,128}#)?([\w.]{1,128})"/.exec(text)?.[1];
}
