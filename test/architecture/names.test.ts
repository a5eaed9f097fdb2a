/** One operation has one name, wherever it appears. */

import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createChildClient, createParentClient } from '../../lib/client/client.ts';
import { type Operation, operations, relayRoutes } from '../../lib/contract/operations.ts';
import { parseYaml } from '../../sandbox/stack/yaml.ts';
import { root } from './imports.ts';

interface StackFile {
  readonly functions: Readonly<
    Record<
      string,
      {
        readonly handler: string;
        readonly events: readonly {
          readonly http?: { readonly method: string; readonly path: string; readonly authorizer: string };
          readonly schedule?: object;
        }[];
      }
    >
  >;
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const stacks = {
  parent: parseYaml(read('functions/parent/stack.yml')) as StackFile,
  child: parseYaml(read('functions/child/stack.yml')) as StackFile,
};
const apis = ['parent', 'child'] as const;

interface Function {
  readonly name: string;
  readonly api: 'parent' | 'child';
  /** `POST /grants` */
  readonly routes: readonly string[];
}

/** The operations of the table, and the two functions that are none: the relay's, and the one only a schedule calls. */
const functions: readonly Function[] = [
  ...Object.entries<Operation>(operations).map(([name, { api, method, path }]) => ({
    name,
    api,
    routes: [`${method} ${path}`],
  })),
  {
    name: 'invoke',
    api: 'child',
    routes: Object.values(relayRoutes).map(({ method, path }) => `${method} ${path}`),
  },
  { name: 'advance-grants', api: 'parent', routes: [] },
];

describe.each(functions)('$name', ({ name, api, routes }) => {
  it('is a function', () => {
    expect(existsSync(join(root, `functions/${api}/${name}.ts`))).toBe(true);
  });

  it('is deployed under its name, with the routes of the table, for signed callers only', () => {
    const deployed = stacks[api].functions[name];
    expect(deployed?.handler).toBe(`functions/${api}/${name}.handler`);
    const http = (deployed?.events ?? []).flatMap((event) => event.http ?? []);
    expect(http.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
      [...routes].sort(),
    );
    expect(http.filter(({ authorizer }) => authorizer !== 'aws_iam')).toEqual([]);
  });

  it('has tests against the sandbox, in files named by what they show', () => {
    const folder = join(root, `test/integration/${name}`);
    const files = existsSync(folder) ? readdirSync(folder) : [];
    expect(files.filter((file) => file.endsWith('.test.ts'))).not.toEqual([]);
  });
});

describe.each(functions.filter(({ routes }) => routes.length > 0))(
  '$name, over HTTP',
  ({ name, api, routes }) => {
    it('has an event of one of its routes, signed by somebody', () => {
      const event = JSON.parse(read(`events/${name}.json`));
      expect(routes).toContain(`${event.httpMethod} ${event.resource}`);
      expect(event.requestContext?.identity).toMatchObject({
        accountId: expect.stringMatching(/^\d{12}$/),
        userArn: expect.stringMatching(/^arn:aws:(iam|sts)::\d{12}:/),
      });
    });

    it('has a place in the API document', () => {
      expect(read('docs/api.md').split('\n')).toContain(`### ${name}`);
    });

    it('is a method of its own client', () => {
      const options = {
        apiUrl: 'https://example.com',
        region: 'us-east-1',
        credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      };
      const client = api === 'parent' ? createParentClient(options) : createChildClient(options);
      const method = name.replace(/-(.)/g, (_hyphen, letter: string) => letter.toUpperCase());
      expect(Object.keys(client)).toContain(method);
    });
  },
);

describe('advance-grants, by the clock', () => {
  it('has an event of a schedule', () => {
    expect(JSON.parse(read('events/advance-grants.json'))).not.toHaveProperty('httpMethod');
  });
});

describe('nothing else', () => {
  const namesOf = (api: 'parent' | 'child') =>
    functions
      .filter((each) => each.api === api)
      .map(({ name }) => name)
      .sort();

  it.each(apis)('is a function of the %s', (api) => {
    const files = globSync(`functions/${api}/*.ts`, { cwd: root }).map((path) => basename(path, '.ts'));
    expect(files.sort()).toEqual(namesOf(api));
  });

  it.each(apis)('is deployed to the %s', (api) => {
    expect(Object.keys(stacks[api].functions).sort()).toEqual(namesOf(api));
  });

  it('is an event', () => {
    const events = readdirSync(join(root, 'events')).map((file) => basename(file, '.json'));
    const known = functions.map(({ name }) => name);
    // A function that is called in several ways has an event for each: `<name>.<way>.json`.
    expect(events.filter((event) => !known.includes(event.split('.')[0] ?? ''))).toEqual([]);
  });

  it('is called by a schedule than advance-grants and audit-grants', () => {
    const scheduled = apis.flatMap((api) =>
      Object.entries(stacks[api].functions)
        .filter(([, { events }]) => events.some(({ schedule }) => schedule))
        .map(([name]) => name),
    );
    expect(scheduled.sort()).toEqual(['advance-grants', 'audit-grants']);
  });
});
