import { create } from 'xmlbuilder2';
import type { AwsError, ServiceResponse } from '../types.ts';

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** `xmlAnswer('ListBucketResult', { Name: … })` */
export function xmlAnswer(root: string, content: object): ServiceResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: create({ encoding: 'UTF-8' }, { [root]: { '@xmlns': namespace, ...content } }).end(),
  };
}

/** Amazon S3 User Guide, "REST error responses". */
export function xmlError(error: AwsError, requestId: string, isHead: boolean): ServiceResponse {
  const { code, message, status } = error;
  const document = { Error: { Code: code, Message: message, RequestId: requestId } };
  return {
    status,
    headers: {
      'x-amz-request-id': requestId,
      ...(!isHead && { 'content-type': 'application/xml' }),
    },
    body: isHead ? '' : create({ encoding: 'UTF-8' }, document).end(),
  };
}
