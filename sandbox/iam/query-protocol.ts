/** The AWS query protocol, which IAM and STS speak: form in, XML out (Smithy, "AWS Query protocol"). */

import type { AwsError, ServiceResponse, UnsignedRequest } from '../types.ts';
import { element, type XmlMembers } from './xml.ts';

/** Parameters of the form, and of the query where they came by GET. */
export function parseForm({ body, query }: Pick<UnsignedRequest, 'body' | 'query'>): URLSearchParams {
  return new URLSearchParams(body.length > 0 ? body.toString('utf8') : query);
}

/** Some operations answer no result at all. */
export function queryAnswer(
  operation: string,
  result: XmlMembers | undefined,
  options: { readonly namespace: string; readonly requestId: string },
): ServiceResponse {
  const { namespace, requestId } = options;
  const content = result === undefined ? '' : element(`${operation}Result`, result);
  const metadata = element('ResponseMetadata', { RequestId: requestId });
  return xml(
    200,
    `<${operation}Response xmlns="${namespace}">${content}${metadata}</${operation}Response>`,
    requestId,
  );
}

export function queryError(error: AwsError, requestId: string, namespace: string): ServiceResponse {
  const { code, message, status } = error;
  const content = element('Error', {
    Type: status < 500 ? 'Sender' : 'Receiver',
    Code: code,
    Message: message,
  });
  return xml(
    status,
    `<ErrorResponse xmlns="${namespace}">${content}${element('RequestId', requestId)}</ErrorResponse>`,
    requestId,
  );
}

/** To the second, as IAM and STS write times. */
export function xmlTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function xml(status: number, body: string, requestId: string): ServiceResponse {
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}
