/** Real SDK clients against one service alone: HTTP in, `handle` out. No signatures; the caller is whoever the test says. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { AccessQuestion, Authorize, Caller, Service, ServiceRequest } from '../../sandbox/types.ts';

export const parentAccount = '111111111111';
export const childAccount = '222222222222';

function callerOf(accountId: string): Caller {
  const arn = `arn:aws:iam::${accountId}:user/admin`;
  return {
    type: 'User',
    accountId,
    arn,
    principalArn: arn,
    userId: 'AIDA00000000000000000',
    accessKeyId: 'AKIA00000000000000000',
    username: 'admin',
  };
}

/** Allows what the rule allows, keeps every question, and answers no in AWS's words. */
export function authorizeBy(rule: (question: AccessQuestion) => boolean = () => true) {
  const questions: AccessQuestion[] = [];
  const authorize: Authorize = (question) => {
    questions.push(question);
    const { request, action, resource } = question;
    const allowed = rule(question);
    request.decisions.push({ action, resource, allowed });
    const message = `User: ${request.caller.arn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
    return allowed ? { allowed } : { allowed, explicit: false, message };
  };
  return { authorize, questions };
}

export function aRequest(changes: Partial<ServiceRequest> = {}): ServiceRequest {
  return {
    id: randomUUID(),
    method: 'POST',
    path: '/',
    query: '',
    headers: {},
    body: Buffer.alloc(0),
    sourceIp: '127.0.0.1',
    region: 'us-east-1',
    caller: callerOf(parentAccount),
    signal: new AbortController().signal,
    decisions: [],
    ...changes,
  };
}

/** Serves until `close`. The account that calls is the access key id's digits: keys are `AKIA<account>`. */
export async function serveService(service: Service) {
  const server = createServer((incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.on('close', () => gone.abort());
    void (async () => {
      const [path = '/', query = ''] = (incoming.url ?? '/').split('?', 2);
      const headers = Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join(',')]),
      );
      const [, accountId = parentAccount, region = 'us-east-1'] =
        /Credential=AKIA(\d{12})\/\d+\/([a-z0-9-]+)\//.exec(headers['authorization'] ?? '') ?? [];
      const response = await service.handle(
        aRequest({
          method: incoming.method ?? 'GET',
          path,
          query,
          headers,
          body: await buffer(incoming),
          region,
          caller: callerOf(accountId),
          signal: gone.signal,
        }),
      );
      outgoing.writeHead(response.status, { ...response.headers });
      if (typeof response.body === 'string' || Buffer.isBuffer(response.body)) {
        outgoing.end(response.body);
        return;
      }
      outgoing.flushHeaders();
      for await (const chunk of response.body) outgoing.write(chunk);
      outgoing.end();
    })().catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    /** What an SDK client is constructed with. */
    clientOf: (accountId: string = parentAccount, region = 'us-east-1') => ({
      endpoint,
      region,
      credentials: { accessKeyId: `AKIA${accountId}`, secretAccessKey: 'unused' },
      maxAttempts: 1,
    }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
