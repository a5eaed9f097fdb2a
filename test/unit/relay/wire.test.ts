import { describe, expect, it } from 'vitest';
import { relayRoutes } from '../../../lib/contract/operations.ts';
import { Refusal } from '../../../lib/relay/errors.ts';
import { answeredHeaders, forwardedHeaders, lowerCased, routeOf } from '../../../lib/relay/wire.ts';

const forward = (headers: Record<string, string | string[]>, mode: 'sync' | 'stream' | 'async' = 'sync') =>
  forwardedHeaders(lowerCased(headers), mode);

it('knows exactly the routes of the contract', () => {
  for (const [name, { path }] of Object.entries(relayRoutes)) expect(routeOf(path)).toBe(name);
  for (const other of ['/', '__proto__', 'constructor', undefined, null])
    expect(routeOf(other)).toBeUndefined();
});

describe('request headers', () => {
  // SageMaker Runtime API Reference: InvokeEndpoint, InvokeEndpointWithResponseStream, InvokeEndpointAsync.
  it.each([
    ['content-type', 'sync stream async'],
    ['accept', 'sync'],
    ['x-amzn-sagemaker-accept', 'stream async'],
    ['x-amzn-sagemaker-content-type', 'async'],
    ['x-amzn-sagemaker-custom-attributes', 'sync stream async'],
    ['x-amzn-sagemaker-target-model', 'sync'],
    ['x-amzn-sagemaker-target-variant', 'sync stream'],
    ['x-amzn-sagemaker-target-container-hostname', 'sync stream'],
    ['x-amzn-sagemaker-inference-id', 'sync stream async'],
    ['x-amzn-sagemaker-enable-explanations', 'sync'],
    ['x-amzn-sagemaker-inference-component', 'sync stream'],
    ['x-amzn-sagemaker-session-id', 'sync stream'],
    ['x-amzn-sagemaker-prefix-aware-id', 'sync stream'],
    ['x-amzn-sagemaker-inputlocation', 'async'],
    ['x-amzn-sagemaker-s3outputpathextension', 'async'],
    ['x-amzn-sagemaker-filename', 'async'],
    ['x-amzn-sagemaker-requestttlseconds', 'async'],
    ['x-amzn-sagemaker-invocationtimeoutseconds', 'async'],
  ])('%s goes on in mode %s alone', (name, modes) => {
    const passes = (['sync', 'stream', 'async'] as const).filter(
      (mode) => name in forward({ [name]: '1' }, mode),
    );
    expect(passes.join(' ')).toBe(modes);
  });

  it('pass under any spelling of their names, and nothing else passes', () => {
    expect(
      forward({ 'CONTENT-type': 'a', 'X-AMZN-SageMaker-Inference-Id': 'b', Cookie: 'c', constructor: 'd' }),
    ).toEqual({
      'content-type': 'a',
      'x-amzn-sagemaker-inference-id': 'b',
    });
  });

  it('of tomorrow pass too', () => {
    expect(forward({ 'X-Amzn-SageMaker-Of-Tomorrow': '1' })).toEqual({ 'x-amzn-sagemaker-of-tomorrow': '1' });
  });

  it.each([
    ['twice', { 'content-type': ['a', 'b'] }],
    ['in two spellings', { 'content-type': 'a', 'Content-Type': 'b' }],
    ['with a line break', { 'x-amzn-sagemaker-custom-attributes': 'a\r\nx-evil: 1' }],
    ['beyond ASCII', { 'x-amzn-sagemaker-custom-attributes': 'ü' }],
    ['without measure', { accept: 'x'.repeat(2_049) }],
  ])('given %s are refused with ValidationError, value unsaid', (_how, headers) => {
    expect(() => forward(headers)).toThrow(Refusal);
    expect(() => forward(headers)).toThrow(/^The header [a-z-]+ /);
  });
});

it('passes every answer header but those of the connection', () => {
  const raw = [
    'X-Amzn-SageMaker-Custom-Attributes',
    'a',
    'Connection',
    'keep-alive',
    'Content-Length',
    '5',
    'X-Amzn-RequestId',
    'r',
    'constructor',
    'c',
    'Via',
    'a',
    'via',
    'b',
  ];
  expect(answeredHeaders(raw)).toEqual({
    'x-amzn-sagemaker-custom-attributes': 'a',
    'x-sharemaker-upstream-requestid': 'r',
    constructor: 'c',
    via: 'a, b',
  });
});
