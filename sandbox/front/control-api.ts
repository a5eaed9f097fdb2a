/** `/_sandbox/…`: unsigned JSON over the control routes of all parts. */

import { ControlError } from '../control-error.ts';
import type { ControlRoutes, ServiceResponse, UnsignedRequest } from '../types.ts';

export const controlPrefix = '/_sandbox';

export function isControlRequest({ path }: Pick<UnsignedRequest, 'path'>): boolean {
  return path === controlPrefix || path.startsWith(`${controlPrefix}/`);
}

/** Routes are `'POST /endpoints/{name}'`; a literal part wins over a `{param}`. */
export function createControlApi(
  routes: ControlRoutes,
): (request: UnsignedRequest) => Promise<ServiceResponse> {
  const compiled = Object.entries(routes).map(([route, run]) => {
    const [method = '', path = ''] = route.split(' ');
    return { method, parts: partsOf(path), run };
  });
  compiled.sort((a, b) => params(a.parts) - params(b.parts));

  return async function control(request) {
    try {
      refuseForeignPages(request.headers);
      const parts = partsOf(request.path.slice(controlPrefix.length));
      const candidates = compiled.filter((route) => matches(route.parts, parts));
      const route = candidates.find(({ method }) => method === request.method);
      if (!route && candidates.length > 0)
        throw new ControlError(`Allowed here: ${candidates.map(({ method }) => method).join(', ')}.`, 405);
      if (!route) throw new ControlError('There is no such route. GET /_sandbox lists them.', 404);
      const result = await route.run({
        params: paramsOf(route.parts, parts),
        query: new URLSearchParams(request.query),
        body: readBody(request.body),
      });
      return answer(200, result ?? {});
    } catch (error) {
      if (error instanceof ControlError) return answer(error.status, { error: error.message });
      throw error;
    }
  };
}

/**
 * A web page may not steer the sandbox: not by a name it had rebound to this machine (the Host it sends is its
 * own), and not across origins, of which every port of this machine is one (Fetch Metadata, `Sec-Fetch-Site`).
 */
function refuseForeignPages(headers: UnsignedRequest['headers']): void {
  const { host, origin, 'sec-fetch-site': site = 'none' } = headers;
  if (host === undefined || !isLoopback(`http://${host}`))
    throw new ControlError('The control API answers on 127.0.0.1 and localhost only.', 403);
  if ((origin !== undefined && origin !== `http://${host}`) || !['none', 'same-origin'].includes(site))
    throw new ControlError('The control API does not answer pages of other origins.', 403);
}

function isLoopback(origin: string): boolean {
  return URL.canParse(origin) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(origin).hostname);
}

function readBody(body: Buffer): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw new ControlError('The body is not JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new ControlError('The body must be a JSON object.');
  return parsed as Readonly<Record<string, unknown>>;
}

function answer(status: number, body: unknown): ServiceResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}

function isParam(part: string): boolean {
  return part.startsWith('{');
}

function params(parts: readonly string[]): number {
  return parts.filter(isParam).length;
}

function matches(route: readonly string[], parts: readonly string[]): boolean {
  return route.length === parts.length && route.every((part, at) => isParam(part) || part === parts[at]);
}

/** @throws ControlError for a malformed percent sequence. */
function paramsOf(route: readonly string[], parts: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [at, part] of route.entries())
    if (isParam(part)) {
      try {
        found[part.slice(1, -1)] = decodeURIComponent(parts[at] ?? '');
      } catch {
        throw new ControlError('The path is not well encoded.');
      }
    }
  return found;
}
