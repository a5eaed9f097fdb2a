/**
 * The kinds of malformed requests: what is wrong, on which route, and whether the relay may take it all the same. A table,
 * so that each kind can be counted, and a draw from a seed within each.
 */

import type { APIGatewayProxyEvent } from 'aws-lambda';
import { anEvent, type EventChange } from '../../support/relay-lab.ts';
import type { Random } from '../../support/seeded-random.ts';

export type Event = Partial<Record<keyof APIGatewayProxyEvent, unknown>>;

export interface Kind {
  readonly name: string;
  readonly route: Route;
  /** The relay may answer 2xx, and then has passed on exactly what can be said of the request. */
  readonly isHarmless: boolean;
  make(random: Random): Event;
}

export const routes = {
  sync: '/endpoints/{alias}/invocations',
  stream: '/endpoints/{alias}/invocations-response-stream',
  async: '/endpoints/{alias}/async-invocations',
  asyncUpload: '/endpoints/{alias}/async-uploads',
  asyncResult: '/endpoints/{alias}/async-results/{inferenceId}',
} as const;
export type Route = keyof typeof routes;
const allRoutes = Object.keys(routes) as Route[];

interface Fault {
  readonly name: string;
  /** Where nothing is amiss after all, or nothing is sent on that could be. */
  readonly harmlessOn?: readonly Route[];
  readonly onlyOn?: readonly Route[];
  break(event: Event, random: Random, route: Route): Event;
}

/** An inference that nobody began: a whole request on this route is answered 404. */
const nobodysInference = 'nobody-began-this';

function aRequestOn(route: Route): Event {
  const change: EventChange = { resource: routes[route], inferenceId: nobodysInference };
  return { ...anEvent(change) };
}

const strings = (random: Random, length: number, from = 0x21, to = 0x7e) =>
  Array.from({ length }, () => String.fromCodePoint(random.whole(from, to))).join('');

const losses = { missing: undefined, null: null, empty: '' } as const;
/** All that JSON has beside text, and what passes for text or bytes where nobody looks closely. */
const wrongTypes = {
  'a number': 5,
  zero: 0,
  true: true,
  false: false,
  'an object': { a: 1 },
  'an empty object': {},
  'an object that cannot be made a text': { toString: 5 },
  'an object with a length': { length: 3 },
  'a written buffer': { type: 'Buffer', data: [1, 2] },
  'an array': ['a'],
  'an empty array': [],
  'an array of bytes': [1, 2],
  'an array in an array': [['a']],
} as const;
const wrongMembers = { ...losses, ...wrongTypes };
type Wrong = keyof typeof wrongMembers;
const anyLoss = Object.keys(losses) as Wrong[];
const anything = Object.keys(wrongMembers) as Wrong[];

/** Members of the event: truncated, emptied, or of a type that no gateway gives. */
const members: readonly { readonly path: readonly string[]; readonly harmless: readonly Wrong[] }[] = [
  { path: ['resource'], harmless: [] },
  { path: ['pathParameters'], harmless: [] },
  { path: ['pathParameters', 'alias'], harmless: [] },
  { path: ['requestContext'], harmless: [] },
  { path: ['requestContext', 'identity'], harmless: [] },
  { path: ['requestContext', 'identity', 'userArn'], harmless: [] },
  { path: ['body'], harmless: anyLoss },
  // Nothing is asked of them, or of what is left of the request without them.
  ...[
    ['path'],
    ['httpMethod'],
    ['queryStringParameters'],
    ['stageVariables'],
    ['headers'],
    ['multiValueHeaders'],
    ['isBase64Encoded'],
    ['pathParameters', 'inferenceId'],
  ].map((path) => ({ path, harmless: anything })),
];

const wrongs: readonly Fault[] = members.flatMap(({ path, harmless }) =>
  anything.map((wrong) => ({
    name: `${path.join('.')} is ${wrong}`,
    harmlessOn: harmless.includes(wrong) ? allRoutes : [],
    break: (event) => withMember(event, path, wrongMembers[wrong]) as Event,
  })),
);

function withMember(parent: unknown, [name = '', ...rest]: readonly string[], value: unknown): unknown {
  const members = { ...(parent as Readonly<Record<string, unknown>>) };
  members[name] = rest.length === 0 ? value : withMember(members[name], rest, value);
  return members;
}

const aliases: Readonly<Record<string, (random: Random) => string>> = {
  'begins with a hyphen': (random) => `-${strings(random, 3, 0x61, 0x7a)}`,
  'ends with a hyphen': (random) => `${strings(random, 3, 0x61, 0x7a)}-`,
  'in capitals': () => 'IRIS',
  'too long': (random) => strings(random, random.whole(64, 5_000), 0x61, 0x7a),
  'a path up': () => '../..',
  'an encoded path up': () => '%2e%2e%2f',
  'with a slash': () => 'iris/invocations',
  'with a line break': () => 'iris\r\nx-injected: 1',
  'with a NUL': () => 'iris\0',
  'an umlaut': () => 'ürüs',
  'an emoji': () => '💥',
  'half a character': () => 'iris\u{dfff}',
  'a prototype': (random) => random.oneOf(['__proto__', 'constructor', 'hasOwnProperty', 'toString']),
  'a query': () => "iris' OR 1=1",
  'broken encoding': () => '%zz',
  'a number': () => '9'.repeat(400),
  'nobody’s': (random) => `no-${strings(random, 2, 0x61, 0x63)}`,
  'any characters': (random) => strings(random, random.whole(1, 60), 1, 0xd7ff),
};

const badAliases: readonly Fault[] = Object.entries(aliases).map(([name, make]) => ({
  name: `the alias is ${name}`,
  break: (event, random) => withMember(event, ['pathParameters', 'alias'], make(random)) as Event,
}));

const inferenceIds: Readonly<Record<string, (random: Random) => string>> = {
  empty: () => '',
  'too long': (random) => 'x'.repeat(random.whole(65, 3_000)),
  'broken encoding': (random) => random.oneOf(['%', '%zz', '%ff%fe', 'a%e0%a4']),
  'a path up': () => '../../x',
  'with a NUL': () => 'a\0b',
  'an emoji': () => '💥',
  'half a character': () => '\u{d800}',
  'a prototype': () => '__proto__',
  'any characters': (random) => strings(random, random.whole(1, 64), 1, 0xd7ff),
};

const badInferenceIds: readonly Fault[] = Object.entries(inferenceIds).map(([name, make]) => ({
  name: `the inference id is ${name}`,
  onlyOn: ['asyncResult'],
  break: (event, random) => withMember(event, ['pathParameters', 'inferenceId'], make(random)) as Event,
}));

/** Every header that SageMaker's API reads in a mode (SageMaker Runtime API Reference). */
const own = (...names: readonly string[]) => names.map((name) => `x-amzn-sagemaker-${name}`);
export const headersOf: Readonly<Record<'sync' | 'stream' | 'async', readonly [string, ...string[]]>> = {
  sync: [
    'accept',
    'content-type',
    ...own(
      'custom-attributes',
      'enable-explanations',
      'inference-component',
      'inference-id',
      'prefix-aware-id',
      'session-id',
      'target-container-hostname',
      'target-model',
      'target-variant',
    ),
  ],
  stream: [
    'content-type',
    ...own(
      'accept',
      'custom-attributes',
      'inference-component',
      'inference-id',
      'prefix-aware-id',
      'session-id',
      'target-container-hostname',
      'target-variant',
    ),
  ],
  async: [
    'content-type',
    ...own(
      'accept',
      'content-type',
      'custom-attributes',
      'filename',
      'inference-id',
      'inputlocation',
      'invocationtimeoutseconds',
      'requestttlseconds',
      's3outputpathextension',
    ),
  ],
};

function someHeaderOn(route: Route, random: Random): string {
  const name = random.oneOf(headersOf[route === 'asyncUpload' || route === 'asyncResult' ? 'async' : route]);
  return random.isLucky(0.3) ? name.toUpperCase() : name;
}

/** Values that no HTTP header can have, or that SageMaker's cannot. */
const values: Readonly<Record<string, (random: Random) => readonly string[]>> = {
  'a line break and another header': () => ['a\r\nx-injected: 1'],
  'a bare line feed': () => ['a\nb'],
  'a NUL': () => ['a\0b'],
  'a control character': (random) => [`a${strings(random, 1, 1, 8)}b`],
  'a DEL': () => ['a\x7fb'],
  'an umlaut': () => ['grün'],
  'an emoji': () => ['💥'],
  'half a character': () => ['\u{dfff}'],
  'too many characters': (random) => [strings(random, random.whole(2_049, 6_000))],
  'two values': (random) => [strings(random, 3), strings(random, 3)],
  'many values': (random) => Array.from({ length: 40 }, () => strings(random, 3)),
};
const oddButAllowed: Readonly<Record<string, (random: Random) => readonly string[]>> = {
  'no value': () => [],
  'an empty value': () => [''],
  blanks: () => [' \t '],
  'any printable characters': (random) => [strings(random, random.whole(1, 200), 0x20)],
  'a prototype': () => ['__proto__'],
};

function withHeader(event: Event, name: string, list: readonly string[]): Event {
  const headers = { ...(event.multiValueHeaders as Record<string, readonly string[]>) };
  // Not a second spelling of the same name, which would be two values.
  for (const other of Object.keys(headers))
    if (other.toLowerCase() === name.toLowerCase()) delete headers[other];
  Object.defineProperty(headers, name, { value: list, enumerable: true, configurable: true, writable: true });
  return { ...event, multiValueHeaders: headers, headers: null };
}

/** What stands in a header's place, and what in that of its first value; the only thing API Gateway gives is text. */
const untypedHeaders: readonly Fault[] = Object.entries(wrongTypes).flatMap(([wrong, value]) => {
  const places = {
    'in the place of its values': ['multiValueHeaders', value],
    'for a value': ['multiValueHeaders', [value]],
    'for its only value': ['headers', value],
  } as const;
  // A list is what values stand in, and an empty one says nothing.
  const isList = (place: string) =>
    Array.isArray(value) && typeof value[0] !== 'number' && place !== 'for a value';
  return Object.entries(places).map(([place, [member, given]]) => ({
    name: `a header of SageMaker’s has ${wrong} ${place}`,
    harmlessOn: isList(place) && wrong !== 'an array in an array' ? allRoutes : [],
    break: (event: Event, random: Random, route: Route) => ({
      ...event,
      multiValueHeaders: null,
      headers: null,
      [member]: { [someHeaderOn(route, random)]: given },
    }),
  }));
});

const badHeaders: readonly Fault[] = [
  ...Object.entries(values).map(([name, make]) => ({ name, make, harmlessOn: ['asyncUpload'] as const })),
  ...Object.entries(oddButAllowed).map(([name, make]) => ({ name, make, harmlessOn: allRoutes })),
].map(({ name, make, harmlessOn }) => ({
  name: `a header of SageMaker's has ${name}`,
  harmlessOn,
  break: (event, random, route) => withHeader(event, someHeaderOn(route, random), make(random)),
}));

/** Headers that are no business of the model's: they are dropped, whatever they say. */
const strayHeaders: Readonly<Record<string, (random: Random) => readonly string[]>> = {
  'content-length': (random) => [random.oneOf(['0', '-1', '99999999', 'x', '1, 2'])],
  'transfer-encoding': () => ['chunked'],
  host: () => ['evil.example'],
  connection: () => ['close, content-type'],
  expect: () => ['100-continue'],
  te: () => ['trailers'],
  upgrade: () => ['h2c'],
  'content-encoding': () => ['gzip, br'],
  authorization: (random) => [`AWS4-HMAC-SHA256 ${strings(random, 20)}`],
  'x-amz-date': () => ['20000101T000000Z'],
  'x-amz-security-token': () => ['of-somebody-else'],
  'x-amz-content-sha256': () => ['0'.repeat(64)],
  cookie: () => ['a=b'],
  'x-forwarded-for': () => ['127.0.0.1'],
  constructor: () => ['polluted'],
  'x-amzn-sagemaker-': () => ['x'],
  'x-amzn-sagemaker-ü': () => ['x'],
  'x-amzn-sagemaker-a b': () => ['x'],
  'x-amzn-sagemaker-a\r\nx-injected': () => ['x'],
  [`x-amzn-sagemaker-${'x'.repeat(300)}`]: () => ['x'],
  '': () => ['x'],
  'a\0b': () => ['x'],
  'x-something': () => ['a\r\nx-injected: 1', '💥'],
};
/** A table has no key `__proto__` of its own. */
const strayNames: readonly string[] = ['__proto__', ...Object.keys(strayHeaders)];

const strays: readonly Fault[] = strayNames.map((name) => ({
  name: `a stray header ${JSON.stringify(name.slice(0, 40))}`,
  harmlessOn: allRoutes,
  break: (event, random) =>
    withHeader(event, name, name === '__proto__' ? ['polluted'] : (strayHeaders[name]?.(random) ?? [])),
}));

const overTheLimit = Buffer.alloc(4_500_001).toString('base64');
const bodies: Readonly<
  Record<string, { readonly body: (random: Random) => string; readonly isBase64: boolean }>
> = {
  'no base64 although it says so': { body: (random) => strings(random, random.whole(1, 60)), isBase64: true },
  'cut base64': {
    body: (random) => Buffer.alloc(30, 7).toString('base64').slice(0, random.whole(1, 39)),
    isBase64: true,
  },
  'text with an emoji': { body: () => 'weight 💥', isBase64: false },
  'text with half a character': { body: () => 'weight \u{dfff}', isBase64: false },
  'text with a NUL': { body: () => 'weight\0height', isBase64: false },
  'half a JSON': { body: () => '{"instances": [[5.1, 3.', isBase64: false },
  'a JSON that pollutes': { body: () => '{"__proto__": {"status": 200}}', isBase64: false },
};
const badBodies: readonly Fault[] = [
  ...Object.entries(bodies).map(([name, { body, isBase64 }]) => ({
    name: `the body is ${name}`,
    harmlessOn: allRoutes,
    break: (event: Event, random: Random) => ({ ...event, body: body(random), isBase64Encoded: isBase64 }),
  })),
  {
    name: 'the body is over the limit',
    break: (event) => ({ ...event, body: overTheLimit, isBase64Encoded: true }),
  },
];

const accepts: readonly Fault[] = [
  'text/event-stream;q=0',
  ',,,,;;;',
  'text/event-stream, */*',
  '*'.repeat(9_000),
  '\r\n',
  '💥',
  ...Object.values(wrongTypes),
].map((value) => ({
  name: `it accepts ${JSON.stringify(value).slice(0, 30)}`,
  onlyOn: ['stream'],
  harmlessOn: ['stream'],
  break: (event) => withHeader(event, 'Accept', [value as string]),
}));

const resources: readonly Fault[] = [
  '/',
  '/endpoints/{alias}',
  '/endpoints/{alias}/invocations/',
  '/endpoints/{alias}/INVOCATIONS',
  '//endpoints/{alias}/invocations',
  '__proto__',
  'constructor',
  '💥',
].map((resource) => ({
  name: `the resource is ${resource}`,
  onlyOn: ['sync'],
  break: (event) => ({ ...event, resource }),
}));

const faults: readonly Fault[] = [
  ...wrongs,
  ...badAliases,
  ...badInferenceIds,
  ...badHeaders,
  ...untypedHeaders,
  ...strays,
  ...badBodies,
  ...accepts,
  ...resources,
];

export const kinds: readonly Kind[] = faults.flatMap((fault) =>
  (fault.onlyOn ?? allRoutes).map((route) => ({
    name: `${route}: ${fault.name}`,
    route,
    isHarmless: isHarmless(fault, route),
    make: (random: Random) => fault.break(aRequestOn(route), random, route),
  })),
);

/** The result of an inference that nobody began is 404 at best; where nothing is sent on, headers and bodies do no harm. */
function isHarmless({ harmlessOn = [] }: Fault, route: Route): boolean {
  return route !== 'asyncResult' && harmlessOn.includes(route);
}
