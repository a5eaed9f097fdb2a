/** The compiled CloudFormation template, read for what the sandbox has no use for and a deployment depends on. */

import { readFileSync } from 'node:fs';
import { resolveIntrinsics, type TemplateResource } from '../../sandbox/stack/intrinsics.ts';

export interface Resource extends TemplateResource {
  readonly id: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly resources: readonly Resource[];
  ofType(type: string): readonly Resource[];
}

export function readTemplate(path: string): Template {
  const resources = Object.entries(read(path)).map(([id, resource]) => ({ Properties: {}, ...resource, id }));
  return { resources, ofType: (type) => resources.filter(({ Type }) => Type === type) };
}

/** Property with a name of our own, how long it may be, and of what (each service's API reference). */
const names: Readonly<
  Record<string, { readonly in: string; readonly max: number; readonly pattern: RegExp }>
> = {
  'AWS::CloudWatch::Alarm': { in: 'AlarmName', max: 255, pattern: /^[\x21-\x7e]+$/ },
  'AWS::DynamoDB::Table': { in: 'TableName', max: 255, pattern: /^[\w.-]+$/ },
  'AWS::Events::EventBus': { in: 'Name', max: 256, pattern: /^[\w./-]+$/ },
  'AWS::Events::Rule': { in: 'Name', max: 64, pattern: /^[\w.-]+$/ },
  'AWS::IAM::ManagedPolicy': { in: 'ManagedPolicyName', max: 128, pattern: /^[\w+=,.@-]+$/ },
  'AWS::IAM::Role': { in: 'RoleName', max: 64, pattern: /^[\w+=,.@-]+$/ },
  'AWS::Lambda::Function': { in: 'FunctionName', max: 64, pattern: /^[\w-]+$/ },
  'AWS::Logs::LogGroup': { in: 'LogGroupName', max: 512, pattern: /^[\w./#-]+$/ },
  'AWS::S3::Bucket': { in: 'BucketName', max: 63, pattern: /^[a-z0-9][a-z0-9-]+[a-z0-9]$/ },
  'AWS::SNS::Topic': { in: 'TopicName', max: 256, pattern: /^[\w-]+$/ },
};

export interface Name {
  readonly type: string;
  readonly name: string;
  readonly isAllowed: boolean;
}

/** Every name that the template gives, as it would be on another stage and in another Region. */
export function namesOn(path: string, { stage, region }: { stage: string; region: string }): Name[] {
  const resources = read(path);
  const scope = { accountId: '111111111111', region, stackName: 'sharemaker', resources };
  return Object.values(resources).flatMap(({ Type: type, Properties = {} }) => {
    const rule = names[type];
    const written = rule && Properties[rule.in];
    if (!rule || written === undefined) return [];
    const name = String(resolveIntrinsics(written, scope)).replace(/\bdev\b/, stage);
    return { type, name, isAllowed: name.length <= rule.max && rule.pattern.test(name) };
  });
}

function read(path: string): Readonly<Record<string, TemplateResource>> {
  return (JSON.parse(readFileSync(path, 'utf8')) as { Resources: Readonly<Record<string, TemplateResource>> })
    .Resources;
}
