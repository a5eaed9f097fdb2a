/** What a request's own headers may not decide, and what a grant's own patterns may not break. */

import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { modelPattern } from '../../lib/contract/fields.ts';
import { connectProber } from '../../lib/grant/probe.ts';
import { serve } from '../../lib/http/serve.ts';
import { aGrant } from '../support/a-grant.ts';

describe('the address that an answer names', () => {
  const handler = serve('list-grants', async ({ url }) => ({ status: 200, body: { url } }));
  const ask = async (headers: Readonly<Record<string, string>>) => {
    const event = {
      path: '/grants',
      headers,
      requestContext: {
        requestId: 'r',
        domainName: 'abcdefghij.execute-api.us-east-1.amazonaws.com',
        path: '/dev/grants',
        identity: { accountId: '111111111111', userArn: 'arn:aws:iam::111111111111:user/admin' },
      },
    } as unknown as APIGatewayProxyEvent;
    const answer = await handler(event, { getRemainingTimeInMillis: () => 29_000 } as Context);
    return (JSON.parse(answer.body) as { url: string }).url;
  };

  it.each([
    { host: 'evil.example' },
    { 'X-Forwarded-Host': 'evil.example' },
    { 'X-Forwarded-Proto': 'https://evil.example/?' },
    { 'X-Forwarded-Proto': 'javascript' },
    { 'X-Forwarded-Proto': 'https' },
  ])('is the API’s own, whatever %j says', async (headers) => {
    expect(await ask(headers as Readonly<Record<string, string>>)).toBe(
      'https://abcdefghij.execute-api.us-east-1.amazonaws.com/dev/grants',
    );
  });
});

describe('the model that a probe names', () => {
  const named = async (pattern: string): Promise<string> => {
    expect(modelPattern.safeParse(pattern).success).toBe(true);
    const seen: string[] = [];
    const prober = connectProber({
      region: 'us-east-1',
      proberRoleArn: 'arn:aws:iam::111111111111:role/sharemaker-system/prober',
      now: Date.now,
      runtime: {
        requestHandler: {
          async handle({ headers }: { headers: Record<string, string> }) {
            seen.push(headers['x-amzn-sagemaker-target-model'] ?? '');
            throw new Error('seen');
          },
        },
      },
    });
    const session = { accessKeyId: 'A', secretAccessKey: 'B', sessionToken: 'C' };
    await prober.invoke(aGrant({ targets: { models: [pattern] } }), 'sync', session);
    return seen[0] ?? '';
  };

  it.each(['*'.repeat(256), '?*'.repeat(128), 'tenant-a/*', '*', '?'])(
    'is one that SageMaker takes and the pattern %s admits',
    async (pattern) => {
      const model = await named(pattern);
      // SageMaker TargetModel: at most 1024 characters. Longer ones are refused before access is judged.
      expect(model).toMatch(/^\S.{0,1023}$/);
      const isWithin = [...model].every(
        (letter, at) => letter === pattern[at] || '*?'.includes(pattern[at] ?? '-'),
      );
      expect([isWithin, model.length]).toEqual([true, pattern.length]);
    },
  );
});
