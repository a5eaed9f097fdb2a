import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rules, sideViolations, violations } from './import-rules.ts';
import { importsIn, isOurs, packageOf, root, sourceFiles } from './imports.ts';

const deployed = sourceFiles('lib/**/*.ts', 'functions/**/*.ts', 'cli/**/*.ts');

describe('imports', () => {
  it.each(Object.entries(rules).map(([folder, { why }]) => [folder, why]))('of %s: %s', (folder) => {
    const files = sourceFiles(`${folder}/**/*.ts`);
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap((file) => violations(folder, file))).toEqual([]);
  });

  it('leave each account without the other account’s part of the contract', () => {
    expect(deployed.flatMap(sideViolations)).toEqual([]);
  });

  it('lead to files that exist, with their extension', () => {
    const files = sourceFiles('{lib,functions,cli,sandbox,scripts,test,bench}/**/*.{ts,mjs}');
    const known = new Set(files.map(({ path }) => path));
    const dangling = files
      // The rules' own test speaks of imports that do not exist.
      .filter(({ path }) => path !== 'test/architecture/imports.test.ts')
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ target }) => isOurs(target) && /\.(ts|mjs|js)$/.test(target) && !known.has(target))
          .map(({ target }) => `${path} → ${target}`),
      );
    expect(dangling).toEqual([]);
  });

  it('of what is deployed come from dependencies, not from devDependencies', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const missing = deployed.flatMap(({ path, imports }) =>
      imports
        .filter(({ target, isTypeOnly }) => !isTypeOnly && !isOurs(target) && !target.startsWith('node:'))
        .filter(({ target }) => !(packageOf(target) in dependencies))
        .map(({ target }) => `${path} → ${target}`),
    );
    expect(missing).toEqual([]);
  });

  it('of Node’s own modules say so', () => {
    const bare = deployed.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => builtinModules.includes(target))
        .map(({ target }) => `${path} → ${target}`),
    );
    expect(bare).toEqual([]);
  });

  it('of the emulator come from no code that it judges, not even through a file between', () => {
    const files = sourceFiles('{lib,functions,sandbox}/**/*.ts');
    const importsOf = new Map(files.map(({ path, imports }) => [path, imports]));
    const reached = new Set<string>();
    const queue = files.map(({ path }) => path).filter((path) => path.startsWith('sandbox/'));
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (reached.has(path)) continue;
      reached.add(path);
      queue.push(...(importsOf.get(path) ?? []).map(({ target }) => target));
    }
    expect([...reached].filter((path) => /^lib\/(grant|audit|relay|http|client)\//.test(path))).toEqual([]);
  });
});

describe('the rules themselves', () => {
  const caught = (folder: string, path: string, text: string) =>
    violations(folder, { path, imports: importsIn(text, path) });

  it.each([
    ['lib/contract', "import { serve } from '../http/serve.ts';"],
    ['lib/contract', "import { ulid } from 'ulid';"],
    ['lib/grant', "import { createRelay } from '../relay/relay.ts';"],
    ['lib/grant', "import type { HttpCaller } from '../http/caller.ts';"],
    ['lib/grant', "import {\n  runAudit,\n  type Auditor,\n} from '../audit/audit.ts';"],
    ['lib/audit', "export { serve } from '../http/serve.ts';"],
    ['lib/relay', "import { draftGrant } from '../grant/draft.ts';"],
    ['lib/relay', "import { STSClient } from '@aws-sdk/client-sts';"],
    ['lib/relay', "import { z } from 'zod';"],
    ['lib/client', "const { advance } = await import('../grant/lifecycle.ts');"],
    ['lib/client', "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';"],
    ['functions/child', "import { connectBroker } from '../../lib/grant/connect-broker.ts';"],
    ['functions/parent', "import { createParentClient } from '../../lib/client/client.ts';"],
    ['sandbox', "import '../lib/grant/policies.ts';"],
    ['sandbox', "type Grant = typeof import('../lib/audit/audit.ts');"],
    ['cli', "import { startSandbox } from '../sandbox/sandbox.ts';"],
  ])('refuse in %s: %s', (folder, text) => {
    expect(caught(folder, `${folder}/a-file.ts`, text)).toHaveLength(1);
  });

  it.each([
    ['lib/grant', "import type { Grant } from '../contract/grant.ts';"],
    ['lib/grant', "import { IAMClient } from '@aws-sdk/client-iam';"],
    ['lib/grant', "import { createHash } from 'node:crypto';"],
    ['lib/grant', "// import { serve } from '../http/serve.ts';"],
    ['lib/grant', "/**\n * import { serve } from '../http/serve.ts';\n */"],
    ['sandbox', "import { parse } from 'yaml';"],
  ])('allow in %s: %s', (folder, text) => {
    expect(caught(folder, `${folder}/a-file.ts`, text)).toEqual([]);
  });

  it('know whose part of the contract is whose', () => {
    const path = 'lib/relay/a-file.ts';
    const text = "import type { Grant } from '../contract/grant.ts';";
    expect(sideViolations({ path, imports: importsIn(text, path) })).toHaveLength(1);
  });
});
