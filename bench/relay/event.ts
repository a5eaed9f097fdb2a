/** API Gateway's proxy event of an invocation, around a body of so many bytes. */

import { readFileSync } from 'node:fs';
import type { APIGatewayProxyEvent } from 'aws-lambda';

const template = JSON.parse(
  readFileSync(new URL('../../events/invoke.json', import.meta.url), 'utf8'),
) as APIGatewayProxyEvent;

export type RelayRoute = 'invocations' | 'invocations-response-stream';

export function invokeEvent(
  alias: string,
  body: Buffer,
  route: RelayRoute = 'invocations',
): APIGatewayProxyEvent {
  return {
    ...template,
    resource: `/endpoints/{alias}/${route}`,
    path: `/endpoints/${alias}/${route}`,
    pathParameters: { alias },
    body: body.toString('base64'),
    isBase64Encoded: true,
  };
}

/** The same for the same size: JSON, as models like it. */
export function aBody(bytes: number): Buffer {
  return Buffer.from(
    `{"instances":"${'0123456789abcdef'.repeat(Math.ceil(bytes / 16))}`.slice(0, bytes - 2).concat('"}'),
  );
}
