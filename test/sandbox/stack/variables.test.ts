// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the placeholders under test
import { describe, expect, it } from 'vitest';
import { resolveVariables, type VariableScope } from '../../../sandbox/stack/variables.ts';

const files: Record<string, unknown> = {
  'parent.yml': { list: ['${param:mode}', 1], deep: { er: '${sls:stage}' } },
};
const scope: VariableScope = {
  stage: 'dev',
  options: { region: 'eu-west-1' },
  params: { account: 'parent', mode: 'report', empty: '' },
  readFile: (path) => files[path],
};
const resolve = (value: unknown) => resolveVariables(value, scope);

describe('a variable', () => {
  it.each([
    ['${sls:stage}', 'dev'],
    ['a-${param:account}-${sls:stage}', 'a-parent-dev'],
    ['${param:empty}', ''],
    ["${opt:region, 'us-east-1'}", 'eu-west-1'],
    ["${opt:stage, 'prod'}", 'prod'],
    ["${param:nothing, ''}", ''],
    ['${file(${param:account}.yml):list}', ['report', 1]],
    ['${file(parent.yml):deep.er}', 'dev'],
  ])('%s is %j', (text, value) => {
    expect(resolve(text)).toEqual(value);
  });

  it('is found anywhere in a value', () => {
    expect(resolve({ a: [{ b: '${sls:stage}' }], c: 5, d: null })).toEqual({
      a: [{ b: 'dev' }],
      c: 5,
      d: null,
    });
  });

  it.each([
    '${param:nothing}',
    '${file(parent.yml):nothing}',
    '${self:service}',
    '${env:HOME}',
    'x${file(parent.yml):list}',
  ])('%s without value, or of an unknown source, is refused', (text) => {
    expect(() => resolve(text)).toThrow(/has no value|is unknown to the sandbox|is no text/);
  });
});

it.each(['${AWS::Region}', '${GrantsTable.Arn}/index/all', 'arn:${AWS::Partition}:s3:::${Bucket}'])(
  'leaves %s to CloudFormation',
  (text) => {
    expect(resolve(text)).toBe(text);
  },
);
