/** The request headers of the three invocations: which mode has which, under what name, within what bounds. */

import { runtimeFault } from './runtime-faults.ts';

export type InvocationMode = 'sync' | 'async' | 'stream';

type Member = keyof typeof members;

export type InvocationInput = Readonly<Partial<Record<Member, string>>>;

interface Rule {
  /** Header per mode; a mode without one ignores the header. */
  readonly headers: Readonly<Partial<Record<InvocationMode, string>>>;
  /** The member's name in AWS's API, where ours differs. */
  readonly label?: string;
  readonly max: number;
  readonly min?: number;
  /** As the API Reference prints it: the words of the refusal quote it. */
  readonly pattern?: string;
  /** The value stays out of error messages. */
  readonly isSensitive?: boolean;
}

const name = '^[a-zA-Z0-9](-*[a-zA-Z0-9])*$';
const printable = '^\\S[\\x20-\\x7E]*$';
const ascii = '^[\\x00-\\x7F]*$';

const same = (header: string, ...modes: InvocationMode[]) =>
  Object.fromEntries(modes.map((mode) => [mode, header]));

/** SageMaker Runtime API Reference, "InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithResponseStream". */
const members = {
  contentType: {
    headers: { sync: 'content-type', stream: 'content-type', async: 'x-amzn-sagemaker-content-type' },
    max: 1024,
    pattern: ascii,
  },
  accept: {
    headers: { sync: 'accept', stream: 'x-amzn-sagemaker-accept', async: 'x-amzn-sagemaker-accept' },
    max: 1024,
    pattern: ascii,
  },
  customAttributes: {
    headers: same('x-amzn-sagemaker-custom-attributes', 'sync', 'async', 'stream'),
    max: 1024,
    pattern: ascii,
    isSensitive: true,
  },
  targetModel: {
    headers: same('x-amzn-sagemaker-target-model', 'sync'),
    min: 1,
    max: 1024,
    pattern: printable,
  },
  targetVariant: {
    headers: same('x-amzn-sagemaker-target-variant', 'sync', 'stream'),
    max: 63,
    pattern: name,
  },
  targetContainerHostname: {
    headers: same('x-amzn-sagemaker-target-container-hostname', 'sync', 'stream'),
    max: 63,
    pattern: name,
  },
  inferenceId: {
    headers: same('x-amzn-sagemaker-inference-id', 'sync', 'async', 'stream'),
    min: 1,
    max: 64,
    pattern: printable,
  },
  enableExplanations: {
    headers: same('x-amzn-sagemaker-enable-explanations', 'sync'),
    min: 1,
    max: 64,
  },
  inferenceComponentName: {
    headers: same('x-amzn-sagemaker-inference-component', 'sync', 'stream'),
    max: 63,
    pattern: '^[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?$',
  },
  sessionId: {
    headers: { sync: 'x-amzn-sagemaker-session-id' },
    max: 256,
    pattern: '^(NEW_SESSION)$|^[a-zA-Z0-9](-*[a-zA-Z0-9])*$',
  },
  /** A stream goes on with a session, it cannot begin one. */
  existingSessionId: {
    headers: { stream: 'x-amzn-sagemaker-session-id' },
    label: 'sessionId',
    max: 256,
    pattern: name,
  },
  /** A routing hint that no container sees. Its bounds are not documented. */
  prefixAwareId: {
    headers: same('x-amzn-sagemaker-prefix-aware-id', 'sync', 'stream'),
    max: Number.POSITIVE_INFINITY,
  },
  inputLocation: {
    headers: same('x-amzn-sagemaker-inputlocation', 'async'),
    min: 1,
    max: 1024,
    pattern: '^(https|s3)://([^/]+)/?(.*)$',
  },
  s3OutputPathExtension: {
    headers: same('x-amzn-sagemaker-s3outputpathextension', 'async'),
    min: 1,
    max: 512,
    pattern: "^(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]+$",
  },
  filename: {
    headers: same('x-amzn-sagemaker-filename', 'async'),
    min: 1,
    max: 32,
    pattern: '^(?!.*\\..*\\.)[a-zA-Z0-9][a-zA-Z0-9-_\\.]*$',
  },
  requestTtlSeconds: {
    headers: same('x-amzn-sagemaker-requestttlseconds', 'async'),
    label: 'requestTTLSeconds',
    max: 5,
    pattern: '^\\d+$',
  },
  invocationTimeoutSeconds: {
    headers: same('x-amzn-sagemaker-invocationtimeoutseconds', 'async'),
    max: 4,
    pattern: '^\\d+$',
  },
} as const satisfies Record<string, Rule>;

const rules = Object.entries(members) as [Member, Rule][];

/** What a mode finds in the headers, unchecked. */
export function readInput(mode: InvocationMode, headers: Readonly<Record<string, string>>): InvocationInput {
  return Object.fromEntries(
    rules.flatMap(([member, rule]) => {
      const value = headers[rule.headers[mode] ?? ''];
      return value === undefined ? [] : [[member, value]];
    }),
  );
}

/** @throws AwsFault ValidationError that names every member out of bounds. */
export function checkInput(endpointName: string, input: InvocationInput): void {
  const violations = [
    ...violationsOf('endpointName', endpointName, { headers: {}, max: 63, pattern: name }),
    ...rules.flatMap(([member, rule]) => {
      const value = input[member];
      return value === undefined ? [] : violationsOf(rule.label ?? member, value, rule);
    }),
    ...numberViolations('requestTTLSeconds', input.requestTtlSeconds, 60, 21_600),
    ...numberViolations('invocationTimeoutSeconds', input.invocationTimeoutSeconds, 1, 3600),
  ];
  if (violations.length > 0) throw violated(violations);
}

/** @throws AwsFault ValidationError */
export function checkBody(body: Buffer, bytesMax: number): void {
  if (body.length > bytesMax)
    throw violated([
      violation('body', undefined, `Member must have length less than or equal to ${bytesMax}`),
    ]);
}

function violated(violations: readonly string[]) {
  const count = `${violations.length} validation error${violations.length > 1 ? 's' : ''} detected`;
  return runtimeFault('ValidationError', `${count}: ${violations.join('; ')}`);
}

function violationsOf(member: string, value: string, { max, min = 0, pattern, isSensitive }: Rule): string[] {
  const shown = isSensitive || value.length > 128 ? undefined : value;
  return [
    ...(value.length > max ? [`Member must have length less than or equal to ${max}`] : []),
    ...(value.length < min ? [`Member must have length greater than or equal to ${min}`] : []),
    ...(pattern && !new RegExp(pattern).test(value)
      ? [`Member must satisfy regular expression pattern: ${pattern}`]
      : []),
  ].map((constraint) => violation(member, shown, constraint));
}

function numberViolations(member: string, value: string | undefined, min: number, max: number): string[] {
  if (value === undefined || !/^\d{1,6}$/.test(value)) return [];
  if (Number(value) < min)
    return [violation(member, value, `Member must have value greater than or equal to ${min}`)];
  if (Number(value) > max)
    return [violation(member, value, `Member must have value less than or equal to ${max}`)];
  return [];
}

function violation(member: string, value: string | undefined, constraint: string): string {
  const shown = value === undefined ? 'Value' : `Value '${value}'`;
  return `${shown} at '${member}' failed to satisfy constraint: ${constraint}`;
}
