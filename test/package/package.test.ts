import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../lib/contract/operations.ts';
import { progressMetrics } from '../../lib/grant/progress.ts';
import { bundle } from '../../sandbox/lambda/bundle.ts';
import { handlerFile } from '../../sandbox/lambda/lambda.ts';
import type { PolicyDocument } from '../../sandbox/policy/document.ts';
import { readStack, type Stack } from '../../sandbox/stack/stack.ts';
import { readCompiledStack } from './compiled-stack.ts';
import { describePromises } from './promises.ts';

const repository = new URL('../../', import.meta.url).pathname;
const accounts = [
  { account: 'parent', accountId: '111111111111' },
  { account: 'child', accountId: '222222222222' },
];

/** What packaging took for temporary files. */
const scratch = mkdtempSync(join(tmpdir(), 'sharemaker-package-'));
beforeAll(() => {
  const env = { ...process.env, TMPDIR: scratch };
  execFileSync(process.execPath, ['scripts/package.ts'], { cwd: repository, stdio: 'pipe', env });
}, 90_000);
afterAll(() => rmSync(scratch, { recursive: true }));

it('packaging leaves no temporary files behind', () => {
  expect(readdirSync(scratch)).toEqual([]);
});

describe('npm run deploy', () => {
  const deploy = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/run.mjs', 'deploy', ...args], {
      cwd: repository,
      encoding: 'utf8',
    });

  it('asks whose stack it is', () => {
    const { status, stderr } = deploy('--stage', 'prod');
    expect([status, stderr]).toEqual([2, expect.stringContaining('npm run deploy -- --param account=child')]);
  });

  it("hands everything else to the framework's deploy", () => {
    const { status, stdout } = deploy('--param', 'account=parent', '--help');
    expect(stdout).toContain('deploy');
    expect(stdout).toContain('--stage');
    expect(status).toBe(0);
  });
});

describe.each(accounts)('the package of the $account', ({ account, accountId }) => {
  const folder = join(repository, '.serverless', account);

  it('is the stack that the sandbox runs: functions, routes, schedules, roles, policies, tables', () => {
    const compiled = readCompiledStack(join(folder, 'cloudformation-template-update-stack.json'), {
      account,
      accountId,
    });
    expect(comparable(readStack({ account, accountId }))).toEqual(comparable(compiled));
  });

  it('holds, byte for byte, the bundles that the sandbox runs', async () => {
    const { functions } = readStack({ account, accountId });
    const bundles = await bundle(functions.map(handlerFile), repository);
    for (const { key, handler } of functions) {
      const files = unzip(readFileSync(join(folder, `${key}.zip`)));
      const file = handler.replace(/\.\w+$/, '.mjs');
      expect([...files.keys()]).toEqual([file]);
      expect(files.get(file)!.equals(readFileSync(bundles.get(handlerFile({ handler }))!))).toBe(true);
    }
  });

  it('needs nothing but Node: every import is bundled', async () => {
    for (const { key } of readStack({ account, accountId }).functions) {
      const [source] = [...unzip(readFileSync(join(folder, `${key}.zip`))).values()];
      const imports = source!.toString().match(/(?:^|[;}])import[^(][^;]*?["']([^"']+)["']|Dynamic require/g);
      expect(imports, key).toBeNull();
    }
  });

  describePromises(account, join(folder, 'cloudformation-template-update-stack.json'));
});

it('the deployment of an API comes after its gateway responses, or it would not have them', () => {
  const { Resources } = templateOf('child');
  const ofType = (type: string) => Object.keys(Resources).filter((id) => Resources[id]?.Type === type);
  const before = (id: string): string[] => {
    const { DependsOn = [], ...resource } = Resources[id] ?? {};
    const referred = [...JSON.stringify(resource).matchAll(/"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/g)].map(
      ([, other = '']) => other,
    );
    return [...[DependsOn].flat(), ...referred].flatMap((other) => [other, ...before(other)]);
  };
  const [deployment = ''] = ofType('AWS::ApiGateway::Deployment');
  const responses = ofType('AWS::ApiGateway::GatewayResponse');
  expect(responses).toEqual(['BodyTooLarge', 'NoAnswer']);
  expect(before(deployment)).toEqual(expect.arrayContaining(responses));
});

it('the two stacks share no name, so an account may be a parent and a child as well', () => {
  const [parent, child] = accounts.map(({ account }) =>
    Object.values(templateOf(account).Resources).flatMap(({ Type, Properties }) =>
      Object.entries(Properties ?? {})
        .filter(([property, name]) => /Name$/.test(property) && typeof name === 'string')
        .filter(([property]) => !['StageName', 'MetricName'].includes(property))
        .map(([, name]) => `${Type} ${name}`),
    ),
  );
  expect(parent).toContain('AWS::SNS::Topic sharemaker-dev-alarms');
  expect(parent?.filter((name) => child?.includes(name))).toEqual([]);
});

describe('the stage of the API', () => {
  const stageOf = (account: string) => {
    const deployments = resourcesOf(account, 'AWS::ApiGateway::Deployment');
    const [stage] = deployments.map(([, { Properties }]) => Properties['StageDescription'] as Stage);
    return stage!;
  };

  it('has a brake on the one route that any account may call', () => {
    const { method, path } = operations['get-offer'];
    expect(stageOf('parent').MethodSettings).toEqual([
      {
        HttpMethod: method,
        // "StageDescription MethodSetting": a slash within is ~1, and the first one stays.
        ResourcePath: `/${path.replaceAll('/', '~1')}`,
        ThrottlingRateLimit: 10,
        ThrottlingBurstLimit: 20,
      },
    ]);
    expect(stageOf('child').MethodSettings).toBeUndefined();
  });

  it.each(accounts)(
    'of the $account logs requests only where asked to, and never a header or query',
    ({ account }) => {
      const [condition, { Format }, otherwise] = stageOf(account).AccessLogSetting['Fn::If'];
      const { Conditions, Resources } = templateOf(account);
      expect(Conditions?.[condition]).toEqual({ 'Fn::Equals': ['off', 'on'] });
      expect(otherwise).toEqual({ Ref: 'AWS::NoValue' });
      expect(Resources['AccessLogs']).toMatchObject({ Type: 'AWS::Logs::LogGroup', Condition: condition });
      expect(Object.values(JSON.parse(Format)).sort()).toEqual([
        '$context.error.responseType',
        '$context.httpMethod',
        '$context.identity.accountId',
        '$context.identity.sourceIp',
        '$context.identity.userArn',
        '$context.path',
        '$context.requestId',
        '$context.requestTime',
        '$context.responseLatency',
        '$context.status',
      ]);
    },
  );
});

describe('the alarms', () => {
  const alarmsOf = (account: string) =>
    resourcesOf(account, 'AWS::CloudWatch::Alarm').map(
      ([, { Properties }]) => Properties as unknown as Alarm,
    );
  const watched = ({ Namespace, MetricName, Dimensions: [dimension] }: Alarm) =>
    `${dimension?.Value.replace('sharemaker-dev-', '')} ${Namespace} ${MetricName}`;

  it('watch for failure and for silence of what nobody waits for, and over the relay', () => {
    expect(alarmsOf('parent').map(watched).sort()).toEqual([
      'advance-grants AWS/Lambda Errors',
      'advance-grants AWS/Lambda Invocations',
      'advance-grants Sharemaker OldestUnfinishedSeconds',
      'advance-grants Sharemaker UnmovableGrants',
      'audit-grants AWS/Lambda Errors',
      'audit-grants AWS/Lambda Invocations',
    ]);
    expect(alarmsOf('child').map(watched).sort()).toEqual([
      'invoke AWS/Lambda Errors',
      'invoke AWS/Lambda Throttles',
    ]);
  });

  it.each(accounts)(
    'of the $account watch functions that there are, and take silence as it is meant',
    ({ account }) => {
      const names = resourcesOf(account, 'AWS::Lambda::Function').map(
        ([, { Properties }]) => Properties['FunctionName'],
      );
      for (const alarm of alarmsOf(account)) {
        expect(names).toContain(alarm.Dimensions[0]?.Value);
        const isOfSilence = alarm.MetricName === 'Invocations';
        expect(alarm).toMatchObject(
          isOfSilence
            ? { ComparisonOperator: 'LessThanThreshold', Threshold: 1, TreatMissingData: 'breaching' }
            : { ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'notBreaching' },
        );
        expect(alarm.AlarmDescription).toContain("README, 'Watch it'");
      }
    },
  );

  it('watch metrics that advance-grants writes', () => {
    const result = { looked: 1, settled: 0, waiting: 1, failed: 0, oldestSeconds: 7 };
    const { _aws, ...values } = progressMetrics(result, 'sharemaker-dev-advance-grants', 0);
    const [written] = _aws.CloudWatchMetrics;
    const own = alarmsOf('parent').filter(({ Namespace }) => Namespace === written?.Namespace);
    expect(own.map(({ MetricName }) => MetricName).sort()).toEqual(
      written?.Metrics.map(({ Name }) => Name).sort(),
    );
    for (const { MetricName, Dimensions } of own) {
      expect(Dimensions.map(({ Name }) => Name)).toEqual(written?.Dimensions[0]);
      expect(values).toMatchObject({ functionName: Dimensions[0]?.Value, [MetricName]: expect.any(Number) });
    }
  });

  it.each(accounts)('of the $account go to a topic that CloudWatch may publish to', ({ account }) => {
    const { Resources } = templateOf(account);
    for (const { AlarmActions, OKActions } of alarmsOf(account))
      expect([AlarmActions, OKActions]).toEqual([[{ Ref: 'AlarmsTopic' }], [{ Ref: 'AlarmsTopic' }]]);
    // The key alias/aws/sns admits no other service, and its policy cannot be changed.
    expect(Object.keys(Resources['AlarmsTopic']?.Properties ?? {})).toEqual(['TopicName']);
  });

  it.each(accounts)(
    'of the $account reach the address that the deployment names, as do alerts',
    ({ account }) => {
      const topics = resourcesOf(account, 'AWS::SNS::Topic').map(([id]) => id);
      const mails = resourcesOf(account, 'AWS::SNS::Subscription').map(([, resource]) => resource);
      expect(mails.map(({ Properties }) => Properties['TopicArn'])).toEqual(topics.map((Ref) => ({ Ref })));
      // None without an address.
      expect(new Set(mails.map(({ Condition }) => Condition))).toEqual(new Set(['HasAlertEmail']));
      expect(templateOf(account).Conditions).toMatchObject({
        HasAlertEmail: { 'Fn::Not': [{ 'Fn::Equals': ['', ''] }] },
      });
    },
  );
});

interface Stage {
  readonly MethodSettings?: unknown;
  readonly AccessLogSetting: { readonly 'Fn::If': readonly [string, { readonly Format: string }, unknown] };
}

interface Alarm {
  readonly AlarmDescription: string;
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  readonly AlarmActions: unknown;
  readonly OKActions: unknown;
}

interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
}

interface Template {
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

function templateOf(account: string): Template {
  const file = join(repository, '.serverless', account, 'cloudformation-template-update-stack.json');
  return JSON.parse(readFileSync(file, 'utf8'));
}

function resourcesOf(account: string, type: string): [string, Resource][] {
  return Object.entries(templateOf(account).Resources).filter(([, { Type }]) => Type === type);
}

/** Order and one-element lists mean nothing to IAM and CloudFormation. */
function comparable(stack: Stack): unknown {
  const byName = <T extends { name: string }>(items: readonly T[]) =>
    Object.fromEntries(items.map((item) => [item.name, item]));
  return {
    ...stack,
    functions: byName(
      stack.functions.map((f) => ({ ...f, routes: f.routes.map((r) => JSON.stringify(r)).sort() })),
    ),
    roles: byName(stack.roles),
    managedPolicies: byName(stack.managedPolicies),
    resourcePolicy: withLists(stack.resourcePolicy),
  };
}

function withLists(policy: PolicyDocument): unknown {
  return [policy.Statement].flat().map((statement) => ({ ...statement, Action: [statement.Action].flat() }));
}

/** The files of a zip archive, by its central directory (APPNOTE.TXT 4.3). */
function unzip(archive: Buffer): Map<string, Buffer> {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const files = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let count = archive.readUInt16LE(end + 10); count > 0; count -= 1) {
    const [method, size] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20)];
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      archive.readUInt16LE(at + field),
    ) as [number, number, number];
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const local = archive.readUInt32LE(at + 42);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const content = archive.subarray(start, start + size);
    files.set(name, method === 0 ? content : inflateRawSync(content));
    at += 46 + nameLength + extraLength + commentLength;
  }
  return files;
}
