import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument, Statement } from '../../../sandbox/policy/document.ts';
import { type EvaluationInput, evaluate } from '../../../sandbox/policy/evaluate.ts';
import { matches, matchesText, tokensOf } from '../../../sandbox/policy/pattern.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const options = { seed, numRuns: 500 };

// Few words, so that statements and requests meet often.
const action = fc.constantFrom('s3:GetObject', 's3:PutObject', 'sagemaker:InvokeEndpoint');
const actionPattern = fc.constantFrom('*', 's3:*', 's3:Get*', 's3:GetObject', 'sagemaker:Invoke*', 'iam:*');
const resource = fc.constantFrom('arn:aws:s3:::a/x', 'arn:aws:s3:::b/x', 'arn:aws:s3:::a/y');
const resourcePattern = fc.constantFrom(
  '*',
  'arn:aws:s3:::a/*',
  'arn:aws:s3:::*/x',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
  'arn:aws:s3:::${aws:username}/*',
  'arn:aws:s3:::b/x',
);
const operator = fc.constantFrom(
  'StringEquals',
  'StringNotEquals',
  'StringLikeIfExists',
  'ForAllValues:StringEquals',
  'ForAnyValue:StringLike',
  'DateLessThan',
  'Null',
  'NoSuchOperator',
);
const key = fc.constantFrom('aws:username', 'aws:TagKeys', 'aws:CurrentTime', 'ec2:NoSuchKey');
// biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
const value = fc.constantFrom('a', 'b', '*', 'true', '2027-01-01', '${aws:username}');
const condition = fc.oneof(
  { arbitrary: fc.constant({}), weight: 2 },
  {
    arbitrary: fc.dictionary(
      operator,
      fc.dictionary(key, fc.array(value, { maxLength: 2 }), { minKeys: 1, maxKeys: 2 }),
      { minKeys: 1, maxKeys: 1 },
    ),
    weight: 1,
  },
);
const principal = fc.constantFrom(
  '*' as const,
  { AWS: '111111111111' },
  { AWS: 'arn:aws:iam::111111111111:user/a' },
  { AWS: 'arn:aws:iam::222222222222:root' },
);

const ofActions = fc.oneof(fc.record({ Action: actionPattern }), fc.record({ NotAction: actionPattern }));
const ofResources = fc.oneof(
  fc.record({ Resource: resourcePattern }),
  fc.record({ NotResource: resourcePattern }),
);
const statement = (effect: fc.Arbitrary<Statement['Effect']>): fc.Arbitrary<Statement> =>
  fc
    .tuple(fc.record({ Effect: effect, Condition: condition }), ofActions, ofResources)
    .map(([rest, actions, resources]) => ({ ...rest, ...actions, ...resources }));
const anyEffect = fc.constantFrom<Statement['Effect']>(...Array(7).fill('Allow'), 'Deny');
const document = fc
  .array(statement(anyEffect), { minLength: 1, maxLength: 4 })
  .map((Statement): PolicyDocument => ({ Version: '2012-10-17', Statement }));
const resourceDocument = fc
  .array(fc.tuple(statement(anyEffect), principal), { minLength: 1, maxLength: 3 })
  .map(
    (rows): PolicyDocument => ({
      Version: '2012-10-17',
      Statement: rows.map(([row, Principal]) => ({ ...row, Principal })),
    }),
  );
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

const input: fc.Arbitrary<EvaluationInput> = fc.record({
  action,
  resource,
  resourceAccountId: maybe(fc.constantFrom('111111111111', '222222222222')),
  caller: fc.constant({
    type: 'User' as const,
    accountId: '111111111111',
    arn: 'arn:aws:iam::111111111111:user/a',
    principalArn: 'arn:aws:iam::111111111111:user/a',
    userId: 'AIDAA0000000000000001',
    username: 'a',
  }),
  context: fc.record({
    'aws:username': fc.constantFrom('a', 'b'),
    'aws:CurrentTime': fc.constantFrom('2026-12-31T00:00:00Z', '2027-01-02T00:00:00Z'),
    'aws:TagKeys': fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
  }),
  identity: fc.array(document, { minLength: 1, maxLength: 3 }),
  boundary: maybe(document),
  session: maybe(fc.array(document, { maxLength: 2 })),
  resourcePolicy: maybe(resourceDocument),
});

const statements = ({ Statement }: PolicyDocument): readonly Statement[] => [Statement].flat();

describe(`over random policies and requests (SEED=${seed})`, () => {
  it('allows some and refuses some, so that the other properties say something', () => {
    const sample = fc.sample(input, { seed, numRuns: 2000 }).map((request) => evaluate(request).allowed);
    const share = sample.filter(Boolean).length / sample.length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.9);
  });

  it('is never widened by one more Deny', () => {
    fc.assert(
      fc.property(input, statement(fc.constant('Deny')), (request, deny) => {
        const extra: PolicyDocument = { Version, Statement: deny };
        const narrowed = { ...request, identity: [...request.identity, extra] };
        return evaluate(request).allowed || !evaluate(narrowed).allowed;
      }),
      options,
    );
  });

  it('is never widened by one Allow less', () => {
    fc.assert(
      fc.property(input, fc.nat(7), (request, chosen) => {
        const allows = request.identity.flatMap(statements).filter(({ Effect }) => Effect === 'Allow');
        const dropped = allows[chosen % Math.max(allows.length, 1)];
        const identity = request.identity.map((policy) => ({
          ...policy,
          Statement: statements(policy).filter((row) => row !== dropped),
        }));
        return evaluate(request).allowed || !evaluate({ ...request, identity }).allowed;
      }),
      options,
    );
  });

  it('is never widened by a boundary', () => {
    fc.assert(
      fc.property(input, document, ({ boundary: _, ...request }, boundary) => {
        return evaluate(request).allowed || !evaluate({ ...request, boundary }).allowed;
      }),
      options,
    );
  });

  it('is never widened by a session policy', () => {
    fc.assert(
      fc.property(input, document, (request, policy) => {
        const session = [...(request.session ?? []), policy];
        return evaluate(request).allowed || !evaluate({ ...request, session }).allowed;
      }),
      options,
    );
  });

  it('does not depend on the order of statements or policies', () => {
    fc.assert(
      fc.property(input, (request) => {
        const reversed = (policy: PolicyDocument) => ({
          ...policy,
          Statement: statements(policy).toReversed(),
        });
        const turned = evaluate({
          ...request,
          identity: request.identity.map(reversed).toReversed(),
          boundary: request.boundary && reversed(request.boundary),
          session: request.session?.map(reversed).toReversed(),
          resourcePolicy: request.resourcePolicy && reversed(request.resourcePolicy),
        });
        expect(turned).toEqual(evaluate(request));
      }),
      options,
    );
  });

  it('treats statements in one policy like the same statements in several', () => {
    fc.assert(
      fc.property(input, (request) => {
        const identity = request.identity
          .flatMap(statements)
          .map((row): PolicyDocument => ({ Version, Statement: row }));
        expect(evaluate({ ...request, identity })).toEqual(evaluate(request));
      }),
      options,
    );
  });

  it('needs an Allow on each side across accounts', () => {
    fc.assert(
      fc.property(input, (request) => {
        const abroad = { ...request, resourceAccountId: '222222222222' };
        const { resourcePolicy: _, ...withoutTheirs } = abroad;
        expect(evaluate(withoutTheirs).allowed).toBe(false);
        expect(evaluate({ ...abroad, identity: [] }).allowed).toBe(false);
      }),
      options,
    );
  });
});

const Version = '2012-10-17';

describe(`wildcards (SEED=${seed})`, () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', '/', '.', '\n', '🙂'), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.', '*', '?', '🙂'), maxLength: 8 });

  it('match what the same pattern matches as a regular expression', () => {
    fc.assert(
      fc.property(pattern, text, (glob, subject) => {
        const source = Array.from(glob, (character) =>
          character === '*' ? '.*' : character === '?' ? '.' : character.replace(/[./]/, '\\$&'),
        ).join('');
        expect(matchesText(glob, subject)).toBe(new RegExp(`^${source}$`, 'su').test(subject));
      }),
      { ...options, numRuns: 5000 },
    );
  });

  it('match the text they were made from', () => {
    fc.assert(
      fc.property(text, fc.nat(12), (subject, cut) => {
        const glob = `${Array.from(subject).slice(0, cut).join('')}*`;
        expect(matches(tokensOf(glob, true), subject)).toBe(true);
      }),
      options,
    );
  });

  it('take time in proportion to pattern and text, however the pattern is made', () => {
    const glob = tokensOf(`${'a*'.repeat(64)}b`, true);
    const subject = 'a'.repeat(2048);
    // 129 × 2,048 steps take milliseconds; a backtracking matcher would not end, nor would this test.
    expect(matches(glob, subject)).toBe(false);
  });
});
