/** Which secrets go in and out of the sandbox, for tests that search what functions write. Without a watcher nothing is kept. */

import type { LogLine } from './lambda/lambda.ts';
import type { Credentials, Iam, Service, ServiceRequest, ServiceResponse } from './types.ts';

export interface Watcher {
  /** Every line that a function writes, also those that the log has no place for. */
  line(line: LogLine): void;
  /** @param kind such as `external id`; may be shown, the secret itself may not */
  secret(kind: string, secret: string): void;
}

type Hear = Watcher['secret'];

/** The service as it is, overheard. */
export function watchService(service: Service, { secret }: Pick<Watcher, 'secret'>): Service {
  return {
    ...service,
    async handle(request) {
      for (const scope of service.scopes) hearRequest[scope]?.(request, secret);
      const response = await service.handle(request);
      for (const scope of service.scopes) hearResponse[scope]?.(response, secret);
      return response;
    },
  };
}

/** The keys of execution roles: Lambda is given them in process. */
export function watchSessions<T extends Pick<Iam, 'serviceSession'>>(iam: T, { secret }: Watcher): T {
  return {
    ...iam,
    serviceSession(...args) {
      const credentials = iam.serviceSession(...args);
      hearCredentials(credentials, secret);
      return credentials;
    },
  };
}

export function hearCredentials(credentials: Credentials, hear: Hear): void {
  hear('secret key', credentials.secretAccessKey);
  if (credentials.sessionToken !== undefined) hear('session token', credentials.sessionToken);
}

const hearRequest: Readonly<Record<string, (request: ServiceRequest, hear: Hear) => void>> = {
  sts(request, hear) {
    const externalId = new URLSearchParams(request.body.toString()).get('ExternalId');
    if (externalId) hear('external id', externalId);
  },
  iam(request, hear) {
    for (const [name, value] of new URLSearchParams(request.body.toString()))
      if (name.endsWith('PolicyDocument')) for (const id of externalIdsIn(value)) hear('external id', id);
  },
  sagemaker(request, hear) {
    // With a target it is the control plane.
    if (request.headers['x-amz-target'] === undefined) hearInvocation(request, hear);
  },
  // Also what a function refuses, so that no other service hears of it.
  'execute-api': hearInvocation,
  s3(request, hear) {
    if (request.method === 'PUT') hear('payload', request.body.toString());
    const signature = new URLSearchParams(request.query).get('X-Amz-Signature');
    if (signature) hear('signature of an upload', signature);
  },
};

function hearInvocation({ body, headers }: ServiceRequest, hear: Hear): void {
  hear('payload', body.toString());
  const attributes = headers['x-amzn-sagemaker-custom-attributes'];
  if (attributes) hear('custom attributes', attributes);
}

const hearResponse: Readonly<Record<string, (response: ServiceResponse, hear: Hear) => void>> = {
  sts: hearKeysIn,
  iam: hearKeysIn,
};

function hearKeysIn({ body }: ServiceResponse, hear: Hear): void {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body.toString() : '';
  const [, secretAccessKey] = /<SecretAccessKey>([^<]+)</.exec(text) ?? [];
  const [, sessionToken] = /<SessionToken>([^<]+)</.exec(text) ?? [];
  if (secretAccessKey)
    hearCredentials({ accessKeyId: '', secretAccessKey, ...(sessionToken && { sessionToken }) }, hear);
}

/** The values that a document holds `sts:ExternalId` against. */
function externalIdsIn(document: string): string[] {
  const values = [...document.matchAll(/"sts:ExternalId"\s*:\s*(\[[^\]]*\]|"[^"]*")/gi)];
  return values.flatMap(([, list = '']) => [...list.matchAll(/"([^"]*)"/g)].map(([, value = '']) => value));
}
