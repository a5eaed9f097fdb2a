/** Calls an endpoint through an HTTP server, over kept connections: the load on a gateway, as light as it can be. */

import { Agent, request } from 'node:http';
import { load } from '../load.ts';
import { serveTasks } from '../side.ts';
import { type CallTask, checkEcho } from './call.ts';
import { aBody } from './event.ts';

export interface HttpCallTask extends CallTask {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const agents = new Map<string, Agent>();

serveTasks<HttpCallTask>('ready', (task) => {
  const body = aBody(task.bodyBytes);
  const url = new URL(task.url);
  const agent = agents.get(url.origin) ?? new Agent({ keepAlive: true, maxSockets: 64 });
  agents.set(url.origin, agent);
  const options = {
    agent,
    hostname: url.hostname,
    port: url.port,
    path: url.pathname,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': body.length, ...task.headers },
  };
  const call = () =>
    new Promise<void>((resolve, reject) => {
      const outgoing = request(options, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('error', reject);
        response.on('end', () => {
          try {
            checkEcho(body.length, response.statusCode, bytes);
            resolve();
          } catch (error) {
            reject(error);
          }
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  return load(call, task);
});
