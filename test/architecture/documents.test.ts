import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Operation, operations } from '../../lib/contract/operations.ts';
import { type ProblemCode, problems } from '../../lib/contract/problems.ts';
import { documents } from '../../scripts/docs/documents.ts';
import { anchorOf } from '../../scripts/docs/errors.ts';
import { type Example, examples } from '../../scripts/docs/examples.ts';
import { notes } from '../../scripts/docs/notes.ts';
import { openApiDocument } from '../../scripts/docs/openapi.ts';
import { commonRefusals, refusalsOf } from '../../scripts/docs/refusals.ts';
import { components, type JsonSchema, operationNames, parametersOf } from '../../scripts/docs/schemas.ts';
import { root } from './imports.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const codes = Object.keys(problems) as ProblemCode[];

describe('documents made from the code', () => {
  it.each(Object.entries(documents()))('%s is up to date (npm run docs)', (path, wanted) => {
    expect(read(path)).toBe(wanted);
  });

  it.each(codes)('explain %s, and say who answers with it', (code) => {
    const lines = read('docs/errors.md').split('\n');
    const at = lines.indexOf(`### ${code}`);
    expect(at).toBeGreaterThan(0);
    const section = lines.slice(at + 1, at + 8).join('\n');
    expect(section).toContain(`**${problems[code].status}**`);
    expect(section).toContain(problems[code].remedy);
    expect(section).toMatch(/^From (any operation|\[[a-z-]+\]\(api\.md)/m);
    expect(anchorOf(code)).toMatch(/^[a-z_]+$/);
  });

  it('list every code under some operation, and each once', () => {
    const listed = [...commonRefusals, ...operationNames.flatMap(refusalsOf)];
    expect(codes.filter((code) => !listed.includes(code))).toEqual([]);
    for (const name of operationNames) {
      const own = refusalsOf(name);
      expect(own).toHaveLength(new Set(own).size);
      expect(own.filter((code) => (commonRefusals as readonly ProblemCode[]).includes(code))).toEqual([]);
    }
  });

  it('leave out no code that the functions give, and none that nobody gives', () => {
    const sources = globSync('{lib,functions}/**/*.ts', { cwd: root })
      .filter((path) => path !== 'lib/contract/problems.ts')
      .map(read)
      .join('\n');
    expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  });
});

describe('examples', () => {
  it.each(operationNames)('of %s are what the operation takes and answers', (name) => {
    const operation: Operation = operations[name];
    const example: Example<typeof name> = examples[name];
    const { pathname, searchParams } = new URL(example.path, 'https://example.com');
    const pattern = operation.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const params = new RegExp(`^${pattern}$`).exec(pathname);
    expect(params).not.toBeNull();
    expect(operation.params.safeParse({ ...params?.groups }).error).toBeUndefined();
    expect(operation.query.safeParse(Object.fromEntries(searchParams)).error).toBeUndefined();
    expect(operation.success).toContain(example.status);
    if (operation.body) expect(operation.body.safeParse(example.body ?? {}).error).toBeUndefined();
    else expect(example.body).toBeUndefined();
    if (example.answer !== undefined) expect(operation.answer.parse(example.answer)).toEqual(example.answer);
    if (operation.guarded) expect(example.headers).toHaveProperty('If-Match');
  });
});

describe('fields', () => {
  const schemas: [string, JsonSchema][] = [
    ...Object.entries(components()),
    ...operationNames.flatMap((name): [string, JsonSchema][] => [
      [`${name} path`, parametersOf(operations[name], 'params')],
      [`${name} query`, parametersOf(operations[name], 'query')],
    ]),
  ];

  it('are all explained', () => {
    expect(schemas.flatMap(([name, schema]) => unexplained(schema, name))).toEqual([]);
  });

  it('are explained in notes that some field has', () => {
    const used = JSON.stringify(schemas);
    const unused = Object.entries(notes).filter(
      ([, note]) => !used.includes(JSON.stringify(note).slice(1, -1)),
    );
    expect(unused.map(([path]) => path)).toEqual([]);
  });

  function unexplained(schema: JsonSchema, path: string): string[] {
    const inside = [schema.items, ...(schema.anyOf ?? [])].filter((each) => each !== undefined);
    return [
      ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
        ...((property as JsonSchema).description === undefined ? [`${path}.${name}`] : []),
        ...unexplained(property as JsonSchema, `${path}.${name}`),
      ]),
      ...inside.flatMap((each) => unexplained(each as JsonSchema, path)),
    ];
  }
});

describe('the OpenAPI document', () => {
  const document = openApiDocument();
  const text = JSON.stringify(document);

  it('refers to nothing that it does not hold', () => {
    const { schemas } = document['components'] as { schemas: object };
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(references.length).toBeGreaterThan(30);
    expect(references.filter((name) => !((name ?? '') in schemas))).toEqual([]);
  });

  it('has every operation once, under its name', () => {
    const ids = [...text.matchAll(/"operationId":"([a-z-]+)"/g)].map(([, id]) => id);
    expect(ids).toHaveLength(new Set(ids).size);
    expect(ids.filter((id) => !id?.startsWith('invoke-')).sort()).toEqual([...operationNames].sort());
  });

  it('names every part of every path', () => {
    const paths = document['paths'] as Record<
      string,
      Record<string, { parameters?: { name: string; in: string }[] }>
    >;
    for (const [path, { servers: _servers, ...methods }] of Object.entries(paths))
      for (const { parameters = [] } of Object.values(methods)) {
        const named = parameters.filter((each) => each.in === 'path').map(({ name }) => name);
        expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      }
  });
});

describe('links', () => {
  const markdown = globSync(['*.md', 'docs/**/*.md'], { cwd: root });

  it.each(markdown)('in %s lead somewhere', (path) => {
    expect(brokenLinks(path)).toEqual([]);
  });

  function brokenLinks(path: string): string[] {
    const links = [...withoutCode(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
    return links.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(path, target));
  }

  function leadsSomewhere(from: string, target: string): boolean {
    const [file = '', anchor] = target.split('#');
    const path = file === '' ? from : posix.normalize(posix.join(dirname(from), file));
    if (globSync(path, { cwd: root }).length === 0) return false;
    return anchor === undefined || !path.endsWith('.md') || anchorsIn(read(path)).includes(anchor);
  }

  /** GitHub: lower case, punctuation dropped, blanks to hyphens. */
  function anchorsIn(text: string): string[] {
    return [...withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    );
  }

  function withoutCode(text: string): string {
    return text.replace(/^```[\s\S]*?^```/gm, '');
  }
});
