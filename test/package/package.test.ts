import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
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

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/package.ts'], { cwd: repository, stdio: 'pipe' });
}, 90_000);

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
  const file = join(repository, '.serverless', 'child', 'cloudformation-template-update-stack.json');
  const { Resources } = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, Resource> };
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
  expect(responses).toEqual(['BodyTooLarge']);
  expect(before(deployment)).toEqual(expect.arrayContaining(responses));
});

interface Resource {
  readonly Type: string;
  readonly DependsOn?: string | readonly string[];
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
