/** Every widening of every statement of a share role's documents is found: enumerated, not sampled. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { aGrant, roleOf } from '../../../bench/audit/a-grant.ts';
import { findingsOfRole } from '../../../lib/audit/findings.ts';
import type { AccountRole } from '../../../lib/audit/inventory.ts';
import { readDocument } from '../../../lib/audit/policy-language.ts';
import type { GrantRecord } from '../../../lib/grant/grant.ts';

const around = {
  parentAccountId: '111111111111',
  proberRoleArn: 'arn:aws:iam::111111111111:role/sharemaker-system/prober',
  boundaryArn: 'arn:aws:iam::111111111111:policy/sharemaker-system/boundary',
  now: Date.parse('2027-01-01T00:00:00Z'),
  unused: {},
  startedAt: 0,
};

type Json = Record<string, unknown>;
interface Doc extends Json {
  Statement: Json[];
}

const oneOrMany = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** Each way to make one statement wider. */
function* widenings(statement: Json): Generator<[string, Json]> {
  const { Effect, Condition, Action, Resource, Principal, ...rest } = statement;
  const whole = { Effect, Condition, Action, Resource, Principal, ...rest };
  if (Effect === 'Deny') {
    yield ['allows instead of denying', { ...whole, Effect: 'Allow' }];
    yield ['denies less', { ...whole, Action: 's3:*' }];
    return;
  }
  for (const [operator, keys] of Object.entries((Condition ?? {}) as Record<string, Json>)) {
    const { [operator]: _dropped, ...others } = Condition as Json;
    yield [`drops ${operator}`, { ...whole, Condition: others }];
    yield [
      `${operator} only where the key is there`,
      { ...whole, Condition: { ...others, [`${operator}IfExists`]: keys } },
    ];
    for (const [key, value] of Object.entries(keys)) {
      const { [key]: _gone, ...left } = keys;
      yield [`drops ${operator} ${key}`, { ...whole, Condition: { ...others, [operator]: left } }];
      yield [
        `${key} may be more`,
        {
          ...whole,
          Condition: {
            ...others,
            [operator]: { ...left, [key]: [...oneOrMany(value), '2099-01-01T00:00:00Z'] },
          },
        },
      ];
      yield [
        `${key} may be anything`,
        {
          ...whole,
          Condition: {
            ...others,
            StringLike: { [key]: '*' },
            ...(Object.keys(left).length > 0 && { [operator]: left }),
          },
        },
      ];
    }
  }
  yield ['drops every condition', { ...whole, Condition: undefined }];
  for (const more of [
    'sagemaker:CallWithBearerToken',
    's3:GetObject',
    's3:PutObject',
    's3:DeleteObject',
    's3:ListBucket',
  ])
    if (!oneOrMany(Action).includes(more))
      yield [`${more}, too`, { ...whole, Action: [...oneOrMany(Action), more] }];
  yield [
    'any action of the service',
    { ...whole, Action: `${String(oneOrMany(Action)[0]).split(':')[0]}:*` },
  ];
  yield ['any action', { ...whole, Action: '*' }];
  yield ['any action but one', { ...rest, Effect, Condition, Resource, Principal, NotAction: 'iam:*' }];
  if (Resource !== undefined) {
    yield ['any resource', { ...whole, Resource: '*' }];
    yield [
      'one resource more',
      {
        ...whole,
        Resource: [...oneOrMany(Resource), 'arn:aws:sagemaker:us-east-1:111111111111:endpoint/other'],
      },
    ];
    yield [
      'any resource but one',
      { ...rest, Effect, Condition, Action, Principal, NotResource: 'arn:aws:s3:::x' },
    ];
    const resources = oneOrMany(Resource).map(String);
    for (const [at, resource] of resources.entries())
      for (const [index, part] of resource.split(':').entries())
        if (index > 2 && part !== '')
          yield [
            `a wildcard in part ${index} of ${resource}`,
            { ...whole, Resource: resources.with(at, resource.split(':').with(index, '*').join(':')) },
          ];
  }
  if (Principal !== undefined) {
    yield ['anybody', { ...whole, Principal: '*' }];
    yield [
      'one account more',
      { ...whole, Principal: { AWS: [(Principal as { AWS: string }).AWS, '333333333333'] } },
    ];
    yield ['another account', { ...whole, Principal: { AWS: '333333333333' } }];
    yield [
      'a service too',
      { ...whole, Principal: { ...(Principal as Json), Service: 'ec2.amazonaws.com' } },
    ];
    yield ['anybody but one', { ...rest, Effect, Condition, Action, NotPrincipal: { AWS: '333333333333' } }];
  }
}

function* widerDocuments(document: Doc): Generator<[string, Doc]> {
  for (const [index, statement] of document.Statement.entries()) {
    for (const [title, wider] of widenings(statement))
      yield [
        `${String(statement['Sid'])}: ${title}`,
        { ...document, Statement: document.Statement.with(index, JSON.parse(JSON.stringify(wider))) },
      ];
    if (statement['Effect'] === 'Deny')
      yield [
        `${String(statement['Sid'])}: is gone`,
        { ...document, Statement: document.Statement.toSpliced(index, 1) },
      ];
  }
  yield [
    'a statement more',
    {
      ...document,
      Statement: [
        ...document.Statement,
        { ...document.Statement[0], Sid: 'More', Effect: 'Allow', Condition: undefined },
      ],
    },
  ];
}

function roleWith(
  record: GrantRecord,
  changes: { trust?: unknown; inline?: Record<string, unknown> },
): AccountRole {
  const seed = roleOf(record, around);
  const inline = { ...seed.inline, ...changes.inline };
  return {
    arn: record.role.arn,
    name: record.role.name,
    path: seed.path ?? '/',
    id: record.role.id ?? '',
    trust: readDocument(changes.trust ?? seed.trust),
    inline: Object.entries(inline).map(([name, document]) => ({ name, document: readDocument(document) })),
    attached: [],
    instanceProfiles: [],
    boundaryArn: around.boundaryArn,
    tags: seed.tags ?? {},
  };
}

const shapes: Readonly<Record<string, Partial<GrantRecord>>> = {
  plain: {},
  'every mode': { modes: ['sync', 'stream', 'async'] },
  'brokered results': {
    modes: ['async'],
    async: {
      inputPrefix: 's3://b/grants/x/in/',
      outputPrefix: 's3://b/grants/x/out/',
      outputPathExtension: 'grants/x/out',
    },
  },
  'brokered results and failures': {
    modes: ['async'],
    async: {
      inputPrefix: 's3://b/grants/x/in/',
      outputPrefix: 's3://b/grants/x/out/',
      failurePrefix: 's3://b/failures/grants/x/out/',
      outputPathExtension: 'grants/x/out',
    },
  },
  models: { targets: { models: ['tenant-a/*'] } },
  components: { targets: { inferenceComponents: ['llm-a', 'LLM-b'] } },
  addresses: { conditions: { sourceIps: ['10.0.0.0/8'], sourceVpces: ['vpce-0a1b2c3d'] } },
  'named principals of an organization': {
    child: {
      accountId: '222222222222',
      principals: ['arn:aws:iam::222222222222:role/scoring-*'],
      orgId: 'o-a1b2c3d4e5',
    },
    recordCaller: true,
  },
  'within a grace period': {
    externalIds: { current: 'new', previous: { value: 'old', validUntil: '2027-01-01T01:00:00.000Z' } },
  },
  suspended: { status: 'suspended', goal: 'suspended', isDenied: true },
};

for (const [title, changes] of Object.entries(shapes))
  it(`finds every widening of the documents of a grant: ${title}`, () => {
    const record = aGrant(around, 1, changes);
    expect(findingsOfRole({ role: roleWith(record, {}), record, around })).toEqual([]);
    const seed = roleOf(record, around);
    let count = 0;
    const expectFound = (what: string, code: string, role: AccountRole) => {
      count++;
      const found = findingsOfRole({ role, record, around });
      expect(
        found.map(({ finding }) => finding.code),
        what,
      ).toContain(code);
      for (const { finding } of found) {
        expect(finding.evidence.length, what).toBeGreaterThan(0);
        for (const id of ['external-id-of-', '"new"', '"old"'])
          expect(finding.evidence.join(), what).not.toContain(id);
      }
    };
    for (const [what, trust] of widerDocuments(seed.trust as unknown as Doc))
      expectFound(`trust, ${what}`, 'trust.drifted', roleWith(record, { trust }));
    for (const [name, document] of Object.entries(seed.inline ?? {}))
      for (const [what, wider] of widerDocuments(document as unknown as Doc))
        expectFound(`${name}, ${what}`, 'policy.drifted', roleWith(record, { inline: { [name]: wider } }));
    expect(count).toBeGreaterThan(40);
  });

it('finds nothing in documents that say the same in other words', () => {
  const record = aGrant(around, 1, shapes['named principals of an organization']);
  const seed = roleOf(record, around);
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), (dice) => {
      const role = roleWith(record, {
        trust: reworded(seed.trust, dice),
        inline: Object.fromEntries(
          Object.entries(seed.inline ?? {}).map(([name, one]) => [name, reworded(one, dice)]),
        ),
      });
      expect(findingsOfRole({ role, record, around })).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

/** Order of keys and lists, strings and lists of one, cases, names, account ids: whatever carries no meaning, by the dice. */
function reworded(document: unknown, dice: Iterator<number>): unknown {
  const roll = (sides: number) => (dice.next().value ?? 0) % sides;
  const shuffled = <T>(list: readonly T[]): T[] => {
    const left = [...list];
    const out: T[] = [];
    while (left.length > 0) out.push(...left.splice(roll(left.length), 1));
    return out;
  };
  const say = (key: string, value: unknown): unknown => {
    if (Array.isArray(value)) {
      const list = shuffled(value.map((one) => say(key, one)));
      return list.length === 1 && roll(2) ? list[0] : list;
    }
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(
        shuffled(Object.entries(value)).map(([name, one]) => [
          name.includes(':') && roll(2) ? name.toUpperCase() : name,
          say(name, one),
        ]),
      );
    let text = String(value);
    if (key === 'AWS' && roll(2)) text = /:(\d{12}):root$/.exec(text)?.[1] ?? text;
    if (key === 'Action' && roll(2)) text = text.toUpperCase();
    if (/currenttime/i.test(key) && roll(2)) text = text.replace('.000Z', 'Z');
    const mayBeList = ['Action', 'Resource', 'AWS'].includes(key) || key.includes(':');
    return mayBeList && roll(2) ? [text] : text;
  };
  return say('', document);
}
