import type { StackRoute } from '../stack/stack.ts';

export interface RouteMatch<Route> {
  readonly route: Route;
  /** As sent: a REST API leaves them percent-encoded. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Finds the route of a request; a literal segment wins over a parameter ("Set up … proxy integrations", resource
 * path precedence). A path parameter takes one non-empty segment.
 * @param path as sent, without stage
 */
export function matchRoute<Route extends StackRoute>(
  routes: readonly Route[],
  method: string,
  path: string,
): RouteMatch<Route> | undefined {
  const matches = routes.flatMap((route) => {
    const pathParameters = route.method === method ? matchPath(route.path, path) : undefined;
    return pathParameters ? [{ route, pathParameters }] : [];
  });
  return matches.sort((a, b) => specificity(b.route.path).localeCompare(specificity(a.route.path)))[0];
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index]!;
    const name = /^\{(.+)\}$/.exec(segment)?.[1];
    if (name === undefined && segment !== value) return undefined;
    if (name === undefined) continue;
    if (value === '') return undefined;
    parameters[name] = value;
  }
  return parameters;
}

/** One letter per segment: a literal sorts above a parameter. */
function specificity(template: string): string {
  return template.replaceAll(/[^/]+/g, (segment) => (segment.startsWith('{') ? 'a' : 'b'));
}
