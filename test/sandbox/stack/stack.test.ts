import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { operations } from '../../../lib/contract/operations.ts';
import { readStack, type Stack } from '../../../sandbox/stack/stack.ts';

const parent = readStack({ account: 'parent', accountId: '111111111111' });
const child = readStack({ account: 'child', accountId: '222222222222' });

describe('the deploy files', () => {
  it('route every operation of the contract, and no other', () => {
    const routes = [parent, child].flatMap(({ functions }) =>
      functions.flatMap(({ key, routes }) => routes.map(({ method, path }) => `${key} ${method} ${path}`)),
    );
    const relay = 'invoke ';
    const wanted = Object.entries(operations).map(([key, { method, path }]) => `${key} ${method} ${path}`);
    expect(routes.filter((r) => !r.startsWith(relay)).sort()).toEqual(
      wanted.filter((r) => !r.startsWith(relay)).sort(),
    );
    expect(routes.filter((r) => r.startsWith(relay)).sort()).toEqual([
      'invoke GET /endpoints/{alias}/async-results/{inferenceId}',
      'invoke POST /endpoints/{alias}/async-invocations',
      'invoke POST /endpoints/{alias}/async-uploads',
      'invoke POST /endpoints/{alias}/invocations',
      'invoke POST /endpoints/{alias}/invocations-response-stream',
    ]);
  });

  it('stream through the relay and through nothing else', () => {
    const streamed = [parent, child].flatMap(({ functions }) =>
      functions.filter(({ routes }) => routes.some(({ isStreamed }) => isStreamed)).map(({ key }) => key),
    );
    expect(streamed).toEqual(['invoke']);
  });

  it('run two functions by the clock', () => {
    const schedules = [parent, child].flatMap(({ functions }) => functions.flatMap((f) => f.schedules));
    expect(schedules).toEqual([
      { name: 'sharemaker-dev-advance-grants', everyMs: 60_000 },
      { name: 'sharemaker-dev-audit-grants', everyMs: 3_600_000, input: { mode: 'report' } },
    ]);
  });

  it.each([
    ['parent', parent],
    ['child', child],
  ])(
    'give each function of the %s a role of its own, out of reach of the path it may write to',
    (_, stack) => {
      const roles = new Map(stack.roles.map((role) => [arnOf(stack, role), role]));
      const used = stack.functions.map(({ roleArn }) => roleArn);
      expect(new Set(used).size).toBe(stack.functions.length);
      for (const { key, roleArn } of stack.functions) {
        expect(roles.get(roleArn)).toMatchObject({
          name: `sharemaker-dev-${key}`,
          path: '/sharemaker-system/',
        });
      }
      // The prober is the only role that no function runs as.
      const others = [...roles.keys()].filter((arn) => !used.includes(arn));
      expect(others.map((arn) => arn.split('/').at(-1))).toEqual(
        stack === parent ? ['sharemaker-prober-dev'] : [],
      );
    },
  );

  it('let each function write to its own log and to no other', () => {
    for (const stack of [parent, child]) {
      for (const { key, roleArn } of stack.functions) {
        const role = stack.roles.find((candidate) => arnOf(stack, candidate) === roleArn);
        const logs = JSON.stringify(role).match(/arn:aws:logs[^"]*/g);
        expect(logs).toEqual([
          `arn:aws:logs:us-east-1:${stack.accountId}:log-group:/aws/lambda/sharemaker-dev-${key}:*`,
        ]);
      }
    }
  });

  it('keep every name within what AWS allows, for stages of up to 20 letters', () => {
    const stage = 's'.repeat(20);
    for (const account of ['parent', 'child']) {
      const stack = readStack({ account, accountId: '111111111111', stage });
      for (const { name } of [...stack.roles, ...stack.functions])
        expect(name.length).toBeLessThanOrEqual(64);
    }
  });
});

describe('reading', () => {
  it('takes stage, region and parameters as the command line would', () => {
    const stack = readStack({
      account: 'child',
      accountId: '222222222222',
      stage: 'prod',
      region: 'eu-central-1',
      params: { offerOrigins: 'http://127.0.0.1:1' },
    });
    expect(stack).toMatchObject({ stage: 'prod', region: 'eu-central-1' });
    expect(stack.tables.map(({ TableName }) => TableName)).toEqual(['sharemaker-prod-subscriptions']);
    expect(stack.functions.at(-1)!.environment).toEqual({
      SUBSCRIPTIONS_TABLE: 'sharemaker-prod-subscriptions',
      CHILD_ACCOUNT_ID: '222222222222',
      OFFER_ORIGINS: 'http://127.0.0.1:1',
    });
  });

  it.each([
    [
      'a resource the sandbox does not have',
      'resources: { Resources: { Queue: { Type: AWS::SQS::Queue } } }',
      'AWS::SQS::Queue',
    ],
    ['a route without IAM', aService('events: [{ http: { method: get, path: / } }]'), 'aws_iam'],
    [
      'a schedule that is no rate',
      aService('events: [{ schedule: { rate: [cron(0 0 * * ? *)] } }]'),
      'cron(0 0 * * ? *)',
    ],
    ['a role that is not there', aService('events: []', 'Nobody'), 'no resource "Nobody"'],
  ])('refuses %s', (_, text, message) => {
    const directory = mkdtempSync(join(tmpdir(), 'sharemaker-stack-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const head =
      'service: s\nprovider: { region: us-east-1, stage: dev, stackName: s, apiGateway: { resourcePolicy: [] } }\n';
    const functions = text.includes('functions:') ? '' : 'functions: {}\n';
    writeFileSync(join(directory, 'serverless.yml'), head + functions + text);
    const read = () =>
      readStack({ account: 'parent', accountId: '111111111111', serviceDirectory: directory });
    expect(read).toThrow(message);
  });
});

function aService(events: string, role = 'Role'): string {
  return `functions: { f: { handler: f.handler, role: ${role}, ${events} } }
resources: { Resources: { Role: { Type: AWS::IAM::Role, Properties: { RoleName: r, AssumeRolePolicyDocument: {} } } } }`;
}

function arnOf(stack: Stack, role: Stack['roles'][number]): string {
  return `arn:aws:iam::${stack.accountId}:role${role.path}${role.name}`;
}
