import { expect, it } from 'vitest';
import { matchRoute } from '../../../sandbox/apigateway/routes.ts';

const routes = [
  'GET /grants',
  'POST /grants',
  'GET /grants/{grantId}',
  'GET /grants/latest',
  'POST /a/{b}/c/{d}',
].map((route) => {
  const [method, path] = route.split(' ') as [string, string];
  return { method, path, isStreamed: false, timeoutMs: 1 };
});

it.each([
  ['GET', '/grants', 'GET /grants', {}],
  ['POST', '/grants', 'POST /grants', {}],
  ['GET', '/grants/grt_1', 'GET /grants/{grantId}', { grantId: 'grt_1' }],
  ['GET', '/grants/a%20b%2Fc', 'GET /grants/{grantId}', { grantId: 'a%20b%2Fc' }],
  ['GET', '/grants/100%', 'GET /grants/{grantId}', { grantId: '100%' }],
  ['GET', '/grants/latest', 'GET /grants/latest', {}],
  ['POST', '/a/1/c/2', 'POST /a/{b}/c/{d}', { b: '1', d: '2' }],
])('%s %s leads to %s', (method, path, route, pathParameters) => {
  const match = matchRoute(routes, method, path);
  expect(`${match?.route.method} ${match?.route.path}`).toBe(route);
  expect(match?.pathParameters).toEqual(pathParameters);
});

it.each([
  ['GET', '/'],
  ['DELETE', '/grants'],
  ['GET', '/grants/'],
  ['GET', '/grants/a/b'],
  ['GET', '//grants'],
  ['GET', '/GRANTS'],
])('%s %s leads nowhere', (method, path) => {
  expect(matchRoute(routes, method, path)).toBeUndefined();
});
